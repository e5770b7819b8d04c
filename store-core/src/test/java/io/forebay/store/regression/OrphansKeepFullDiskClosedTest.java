package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A disk that orphans had filled kept the open that would have deleted them from starting its manifest, and each such
 * open left one more log that it could not start.
 */
class OrphansKeepFullDiskClosedTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final String ORPHAN = "00000000000000000000000000000abc.sst";

    private final CrashFileStore disk = new CrashFileStore();
    private boolean full;
    private boolean logsAreFull;

    /** Has no room for another file, while it is full or an orphan is there. */
    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (full || disk.exists(ORPHAN)) {
                throw new IOException("No space left on device");
            }
            WritableFile file = super.create(name);
            return new Writer(file) {
                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    if (logsAreFull && name.startsWith("WAL")) {
                        throw new IOException("No space left on device");
                    }
                    super.append(bytes);
                }
            };
        }
    };

    private static SteppedEnvironment environment(long seed) {
        return new SteppedEnvironment(2 << 20, new Random(seed));
    }

    @ParameterizedTest
    @EnumSource
    void whatNoManifestHasNamedIsDeletedFirst(Durability durability) throws IOException {
        StoreOptions.Builder options = StoreOptions.builder().durability(durability);
        try (SteppedEnvironment first = environment(1)) {
            Store store = first.open(files, options);
            store.put(KEY, KEY);
            store.commitDurably(new byte[] {1});
        }
        disk.create(ORPHAN).close();
        try (SteppedEnvironment second = environment(2)) {
            Store store = second.open(files, options);
            assertThat(disk.list()).doesNotContain(ORPHAN);
            assertThat(store.durablePayload()).containsExactly(1);
            store.put(KEY, new byte[] {2});
            store.commitDurably(new byte[] {2});
        }
    }

    /** A crash may bring back a manifest without its last edit, and with it files that this one has removed. */
    @ParameterizedTest
    @EnumSource
    void whatOneHasNamedStays(Durability durability) {
        StoreOptions.Builder options =
                StoreOptions.builder().durability(durability).valueFileThreshold(1);
        SteppedEnvironment first = environment(1);
        Store store = first.open(files, options);
        for (int i = 0; i < 4; i++) {
            store.put(KEY, new byte[] {(byte) i});
            store.commitDurably(new byte[] {(byte) i});
            store.flush();
        }
        store.compact();
        List<String> tables = tables(disk);
        assertThat(tables).hasSizeGreaterThan(2).anyMatch(name -> name.endsWith(".val"));
        assertThat(store.statistics().liveFiles()).isEqualTo(1);
        full = true;
        first.executor.close(); // as a kill does: nothing is deleted any more
        store.discard();
        try (SteppedEnvironment second = environment(2)) {
            try {
                assertThat(second.open(files, options).get(KEY)).containsExactly(3);
            } catch (StoreIoException e) {
                assertThat(durability).as("a log has to be begun").isNotEqualTo(Durability.NONE);
            }
            assertThat(tables(disk)).isEqualTo(tables);
            full = false; // a close makes durable what the open has found
        }
    }

    /** The orphan can be deleted only when the replay of the log has made a file. */
    @Test
    void whatTheOpenItselfWritesIsNoOrphan() throws IOException {
        StoreOptions.Builder options = StoreOptions.builder().durability(Durability.SYNCED);
        try (SteppedEnvironment first = environment(1)) {
            first.open(disk, options).put(KEY, KEY);
        }
        disk.create(ORPHAN).close();
        FileStore files = new ForwardingFileStore(disk) {
            private boolean failed;

            @Override
            public WritableFile create(String name) throws IOException {
                if (name.startsWith("MANIFEST") && disk.exists(ORPHAN)) {
                    throw new IOException("No space left on device");
                }
                return super.create(name);
            }

            @Override
            public void delete(String name) throws IOException {
                if (name.equals(ORPHAN) && !failed) {
                    failed = true;
                    throw new IOException("Cannot delete yet");
                }
                super.delete(name);
            }
        };
        try (SteppedEnvironment second = environment(2)) {
            Store store = second.open(files, options);
            assertThat(tables(disk)).doesNotContain(ORPHAN).hasSize(1);
            assertThat(store.get(KEY)).isEqualTo(KEY);
            assertThat(store.verify().isClean()).isTrue();
        }
        try (SteppedEnvironment third = environment(3)) {
            assertThat(third.open(disk, options).get(KEY)).isEqualTo(KEY);
        }
    }

    /** Whoever starts the process again and again must not fill the directory. */
    @Test
    void aLogThatCannotBeBegunIsNotLeftBehind() {
        StoreOptions.Builder options = StoreOptions.builder().durability(Durability.SYNCED);
        try (SteppedEnvironment first = environment(1)) {
            first.open(files, options).put(KEY, KEY);
        }
        logsAreFull = true;
        int before = disk.list().size();
        for (int attempt = 2; attempt < 5; attempt++) {
            try (SteppedEnvironment next = environment(attempt)) {
                assertThatThrownBy(() -> next.open(files, options))
                        .isInstanceOf(StoreIoException.class)
                        .hasRootCauseMessage("No space left on device");
            }
            assertThat(disk.list().stream().filter(name -> !name.endsWith(".sst")))
                    .hasSizeLessThanOrEqualTo(before);
        }
        logsAreFull = false;
        try (SteppedEnvironment last = environment(9)) {
            assertThat(last.open(files, options).get(KEY)).isEqualTo(KEY);
        }
    }

    private static List<String> tables(CrashFileStore disk) {
        return disk.list().stream()
                .filter(name -> name.endsWith(".sst") || name.endsWith(".val"))
                .toList();
    }
}
