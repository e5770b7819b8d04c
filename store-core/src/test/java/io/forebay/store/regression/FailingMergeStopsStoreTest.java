package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadView;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A merge function that threw on an operand stopped the store for good at the next flush, and ended reads of other
 * keys: {@code resume()} failed, and the put or delete that would have healed the key was refused.
 */
class FailingMergeStopsStoreTest {
    private static final byte[] BAD = bytes("m");
    private static final List<byte[]> GOOD = List.of(bytes("a"), bytes("l"), bytes("n"), bytes("z"));

    private final CrashFileStore files = new CrashFileStore();

    @AfterEach
    void warningsAgain() {
        Configurator.setLevel("io.forebay.store.iter.FoldedOperands", (Level) null);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Joins letters; no operand has an exclamation mark. */
    private static final class Letters implements MergeFunction {
        /** How often it fails whatever the operands are, of a hundred. */
        int moody;

        final Random random = new Random(3);

        @Override
        public String name() {
            return "letters";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            StringBuilder all = new StringBuilder();
            for (byte[] value : values) {
                all.append(new String(value, UTF_8));
            }
            if (all.indexOf("!") >= 0) {
                throw new IllegalArgumentException("no letter: !");
            }
            if (random.nextInt(100) < moody) {
                throw new ArithmeticException("not now");
            }
            return bytes(all.toString());
        }
    }

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().mergeFunction(new Letters());
    }

    private static void writeAll(Store store) {
        for (byte[] key : GOOD) {
            store.merge(key, bytes("x"));
            store.merge(key, bytes("y"));
        }
        store.put(BAD, bytes("v"));
        store.merge(BAD, bytes("!"));
        store.write(new WriteBatch().merge(BAD, bytes("w")).merge(GOOD.get(0), bytes("z")));
    }

    private static void refused(ThrowingCallable read) {
        assertThatThrownBy(read)
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("key 6d ")
                .hasMessageContaining("letters")
                .hasCause(new IllegalArgumentException("no letter: !"));
    }

    /** Only the bad key is refused; all others are there, by every kind of read. */
    private static void check(ReadView view) {
        refused(() -> view.get(BAD));
        refused(() -> view.get(BAD, 0, 1, new ValueBuffer()));
        refused(() -> view.multiGet(List.of(GOOD.get(0), BAD)));
        assertThat(view.multiGet(GOOD)).containsExactly(bytes("xyz"), bytes("xy"), bytes("xy"), bytes("xy"));
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            iterator.next();
            assertThat(iterator.key()).isEqualTo(bytes("l"));
            refused(iterator::next);
            assertThat(iterator.isValid()).isFalse();
            iterator.seek(bytes("m\0"));
            assertThat(iterator.key()).isEqualTo(bytes("n"));
            refused(iterator::prev);
            iterator.seekForPrev(bytes("lz"));
            assertThat(iterator.key()).isEqualTo(bytes("l"));
        }
    }

    @Test
    void flushesAndCompactionsGoOn() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options());
            writeAll(store);
            check(store);
            store.flush();
            check(store);
            for (int i = 0; i < 3; i++) {
                store.merge(BAD, bytes("u"));
                store.put(bytes("zz" + i), bytes("1"));
                store.commitDurably(bytes("c" + i));
            }
            store.compact();
            check(store);
            assertThat(store.statistics().readOnlyCause()).isNull();
            assertThatCode(store::resume).doesNotThrowAnyException();
            assertThat(store.verify().isClean()).isTrue();
            store.close();
            check(stepped.open(files, options()));
        }
    }

    @Test
    void aPutOrADeleteOrARangeDeleteHealsTheKey() {
        for (int way = 0; way < 3; way++) {
            for (int phase = 0; phase < 3; phase++) {
                try (SteppedEnvironment stepped = new SteppedEnvironment()) {
                    Store store = stepped.open(new CrashFileStore(), options());
                    writeAll(store);
                    if (phase > 0) {
                        store.flush();
                    }
                    if (phase > 1) {
                        store.commitDurably(bytes("c"));
                        store.compact();
                    }
                    switch (way) {
                        case 0 -> store.put(BAD, bytes("p"));
                        case 1 -> store.delete(BAD);
                        default -> store.deleteRange(BAD, bytes("m!"));
                    }
                    store.merge(BAD, bytes("q"));
                    byte[] expected = bytes(way == 0 ? "pq" : "q");
                    assertThat(store.get(BAD)).as(way + " " + phase).isEqualTo(expected);
                    store.commitDurably(bytes("d"));
                    store.compact();
                    assertThat(store.get(BAD)).as(way + " " + phase).isEqualTo(expected);
                }
            }
        }
    }

    /** The replay of a log folds as the writes did. */
    @ParameterizedTest
    @EnumSource(Durability.class)
    void aReopenFindsWhatWasWritten(Durability durability) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options().durability(durability));
            writeAll(store);
            store.commitDurably(bytes("c"));
            CrashFileStore crashed = files.afterCrash(new Random(1));
            store.close();
            for (CrashFileStore disk : List.of(files, crashed)) {
                Store again = stepped.open(disk, options().durability(durability));
                check(again);
                again.merge(BAD, bytes("u"));
                again.commitDurably(bytes("d"));
                again.compact();
                check(again);
                again.delete(BAD);
                assertThat(again.get(BAD)).isNull();
                again.close();
            }
        }
    }

    @Test
    void aCheckpointIsTakenAndRestored() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options());
            writeAll(store);
            Checkpoint checkpoint = store.checkpoint(bytes("cp"));
            stepped.executor.drain();
            checkpoint.completion().join();
            CrashFileStore copy = new CrashFileStore();
            checkpoint.writeTo(copy);
            store.put(BAD, bytes("healed"));
            try (Store restored = stepped.environment.restore(
                    new CrashFileStore(),
                    options().name("restored").build(),
                    List.of(new RestoreSource(copy, checkpoint.metadata(), KeyRange.all())),
                    new byte[0])) {
                check(restored);
                restored.compact();
                check(restored);
                restored.delete(BAD);
                assertThat(restored.get(BAD)).isNull();
            }
            assertThat(store.get(BAD)).isEqualTo(bytes("healed"));
            checkpoint.close();
        }
    }

    @Test
    void anEncryptedStoreDoesNotShowTheKey() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files, options().encryption(TestKeys.provider("one")));
            writeAll(store);
            assertThatThrownBy(() -> store.get(BAD))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("not shown")
                    .hasMessageNotContaining("6d ");
        }
    }

    /** A function that fails now and then loses nothing: what it folded and what it left apart give the same values. */
    @Test
    void whatStaysApartIsFoldedLater() {
        Configurator.setLevel("io.forebay.store.iter.FoldedOperands", Level.OFF);
        Seeds.run(getClass(), 60, FailingMergeStopsStoreTest::foldedLater);
    }

    private record Seen(Snapshot snapshot, TreeMap<String, String> model) {}

    private static void foldedLater(long seed) {
        Random random = new Random(seed);
        Letters letters = new Letters();
        TreeMap<String, String> model = new TreeMap<>();
        List<Seen> seen = new ArrayList<>();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store =
                    stepped.open(new CrashFileStore(), StoreOptions.builder().mergeFunction(letters));
            letters.moody = 30 + random.nextInt(60);
            for (int i = 0; i < 300; i++) {
                String key = "k" + random.nextInt(6);
                String value = Character.toString('a' + random.nextInt(26)).repeat(random.nextInt(9) == 0 ? 300 : 1);
                switch (random.nextInt(24)) {
                    case 0, 1 -> {
                        store.put(bytes(key), bytes(value));
                        model.put(key, value);
                    }
                    case 2 -> {
                        store.delete(bytes(key));
                        model.remove(key);
                    }
                    case 3 -> {
                        store.deleteRange(bytes(key), bytes("k4"));
                        model.subMap(key, key.compareTo("k4") < 0 ? "k4" : key).clear();
                    }
                    case 4 -> seen.add(new Seen(store.snapshot(), new TreeMap<>(model)));
                    case 5 -> store.flush();
                    case 6 -> store.commitDurably(bytes("c" + i));
                    case 7 -> store.compact();
                    case 8 -> {
                        if (!seen.isEmpty()) {
                            Seen one = seen.remove(random.nextInt(seen.size()));
                            compare(letters, one.snapshot, one.model);
                            one.snapshot.close();
                        }
                    }
                    default -> {
                        store.merge(bytes(key), bytes(value));
                        model.merge(key, value, String::concat);
                    }
                }
            }
            compare(letters, store, model);
            for (Seen one : seen) {
                compare(letters, one.snapshot, one.model);
                one.snapshot.close();
            }
            store.compact();
            compare(letters, store, model);
        }
    }

    private static void compare(Letters letters, ReadView view, TreeMap<String, String> model) {
        int before = letters.moody;
        letters.moody = 0;
        TreeMap<String, String> found = new TreeMap<>();
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                found.put(new String(iterator.key(), UTF_8), new String(iterator.value(), UTF_8));
            }
        }
        assertThat(found).isEqualTo(model);
        model.forEach((key, value) -> assertThat(view.get(bytes(key))).isEqualTo(bytes(value)));
        letters.moody = before;
    }
}
