package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Everything that an encrypted store says: exceptions with their causes, findings, statistics, descriptions and log lines, while
 * it is used wrongly, while its disk fails, and over damaged files. None of it holds a byte of a key.
 */
class KeySecrecyTest extends EncryptedStores {
    private static final String HEX = HexFormat.of().formatHex(bytes("SECRET-k"));

    private final List<String> said = new CopyOnWriteArrayList<>();
    private final AbstractAppender appender = new AbstractAppender("all", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            said.add(event.getMessage().getFormattedMessage() + text(event.getThrown()));
        }
    };
    private final Logger logger = (Logger) LogManager.getLogger("io.forebay.store");
    private Level level;

    @BeforeEach
    void listen() {
        level = logger.getLevel();
        logger.setLevel(Level.ALL);
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.removeAppender(appender);
        logger.setLevel(level);
        appender.stop();
    }

    private static String text(Throwable thrown) {
        if (thrown == null) {
            return "";
        }
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true)); // with causes and what was suppressed
        return text.toString();
    }

    /** Notes what an action returns or throws. */
    private void hear(Callable<?> action) {
        try {
            said.add(String.valueOf(action.call()));
        } catch (Exception | AssertionError e) {
            said.add(text(e));
        }
    }

    private void checkAll(int atLeast) {
        Set<String> distinct = new TreeSet<>(said);
        assertThat(distinct).hasSizeGreaterThanOrEqualTo(atLeast);
        assertThat(distinct).noneMatch(text -> text.contains(HEX) || text.contains("SECRET-k"));
    }

    private static StoreOptions.Builder keyed() {
        // the test's own names are no keys of the store
        return options(TestKeys.provider("k")).name("store").mergeFunction(MergeFunction.append((byte) ','));
    }

    private static byte[] key(int i) {
        return bytes(String.format("SECRET-key%05d", i));
    }

    private void use(Store store, FileStore place, SteppedEnvironment in) {
        hear(() -> {
            for (int i = 0; i < 60; i++) {
                store.put(key(i), bytes("value" + i));
            }
            store.commitDurably(new byte[0]);
            return store.statistics();
        });
        hear(() -> {
            store.merge(key(7), bytes("operand"));
            store.deleteRange(key(10), key(20));
            store.compact();
            return store.verify();
        });
        hear(() -> {
            try (SortedIngest ingest = store.ingest()) {
                ingest.add(key(3), bytes("x"));
                ingest.add(key(2), bytes("x"));
                ingest.finish();
            }
            return "";
        });
        hear(() -> {
            try (Checkpoint checkpoint = complete(store.checkpoint(new byte[0]))) {
                said.add(checkpoint.files().toString());
                said.add(Environment.describe(checkpoint.metadata(), TestKeys.provider("k"))
                        .toString());
                RestoreSource one = new RestoreSource(place, checkpoint.metadata(), KeyRange.of(key(1), key(9)));
                RestoreSource two = new RestoreSource(place, checkpoint.metadata(), KeyRange.of(key(5), key(12)));
                said.add(one.toString());
                return in.environment.restore(FileStores.inMemory(), keyed().build(), List.of(one, two), new byte[0]);
            }
        });
        hear(() -> store.iterator(KeyRange.of(key(1), key(5))).toString());
        hear(() -> {
            store.put(new byte[Store.MAX_KEY_BYTES + 1], key(1));
            return "";
        });
        in.executor.drain();
        hear(store::statistics);
        hear(() -> store + " " + in.environment.statistics());
    }

    @Test
    void aStoreThatIsUsedWrongly() {
        try (Store store = open(files, keyed())) {
            use(store, files, stepped);
        }
        checkAll(8);
    }

    @Test
    void aStoreWhoseDiskFails() {
        for (int point = 1; point < 60; point += 3) {
            CrashFileStore disk = new CrashFileStore();
            disk.failAfter(point);
            try (SteppedEnvironment other = new SteppedEnvironment()) {
                hear(() -> {
                    try (Store store = other.environment.open(disk, keyed().build())) {
                        use(store, disk, other);
                    }
                    return "";
                });
                disk.heal();
                hear(() -> other.environment.verify(disk, TestKeys.provider("k")));
            }
        }
        checkAll(30);
    }

    @Test
    void damagedFiles() throws Exception {
        CrashFileStore disk = new CrashFileStore();
        try (Store store = open(disk, keyed())) {
            use(store, disk, stepped);
        }
        for (String name : disk.list()) {
            for (long at = 0; at < disk.size(name); at += 97) {
                disk.damage(name, at);
                hear(() -> stepped.environment.verify(disk, TestKeys.provider("k")));
                if (at % 5 == 0) {
                    hear(() -> {
                        try (Store store = open(disk.afterKill(), keyed())) {
                            try (StoreIterator all = store.iterator(KeyRange.all())) {
                                for (all.seekToFirst(); all.isValid(); all.next()) {
                                    // reads every block
                                }
                            }
                            return store.verify();
                        }
                    });
                }
                disk.damage(name, at); // and back
            }
        }
        checkAll(30);
    }
}
