package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A file that has failed throws the same exception object again when it is closed, as some streams do. An exception cannot suppress
 * itself, so an IllegalArgumentException took the place of the I/O error: a full disk stopped a store for good, and an environment
 * kept its threads.
 */
class SameExceptionTwiceTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final SteppedEnvironment environment = new SteppedEnvironment();
    private final CrashFileStore disk = new CrashFileStore();
    private final FileStore files = new BrokenFiles(disk);

    private boolean full;
    private boolean unreadable;
    private boolean gone;

    /** Files that remember why they failed. */
    private final class BrokenFiles extends ForwardingFileStore {
        private final IOException goneCause = new IOException("gone");

        BrokenFiles(FileStore files) {
            super(files);
        }

        @Override
        public WritableFile create(String name) throws IOException {
            IOException cause = new IOException("no space for " + name);
            return new Writer(super.create(name)) {
                private boolean broken;

                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    broken |= full;
                    throwIf(broken, cause);
                    super.append(bytes);
                }

                @Override
                public void close() throws IOException {
                    super.close();
                    throwIf(broken, cause);
                }
            };
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            IOException cause = new IOException("cannot read " + name);
            return new Reader(super.open(name)) {
                @Override
                public long size() throws IOException {
                    throwIf(unreadable, cause);
                    return super.size();
                }

                @Override
                public void read(long position, ByteBuffer into) throws IOException {
                    throwIf(unreadable, cause);
                    super.read(position, into);
                }

                @Override
                public void close() throws IOException {
                    super.close();
                    throwIf(unreadable, cause);
                }
            };
        }

        @Override
        public void delete(String name) throws IOException {
            throwIf(gone, goneCause);
            super.delete(name);
        }

        @Override
        public void syncDirectory() throws IOException {
            throwIf(gone, goneCause);
            super.syncDirectory();
        }
    }

    private static void throwIf(boolean failing, IOException cause) throws IOException {
        if (failing) {
            throw cause;
        }
    }

    @AfterEach
    void close() {
        full = false;
        unreadable = false;
        environment.close();
    }

    private Store open(Durability durability) {
        return environment.open(files, StoreOptions.builder().durability(durability));
    }

    private static void write(Store store) {
        for (int i = 0; i < 50; i++) {
            store.put(("key " + i).getBytes(UTF_8), new byte[100]);
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void aStoreOnAFullDiskTriesAgainByItself(Durability durability) {
        Store store = open(durability);
        write(store);
        full = true;
        assertThatThrownBy(() -> {
                    store.put("key".getBytes(UTF_8), new byte[1]);
                    store.commitDurably(new byte[] {1});
                })
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("by itself")
                .hasStackTraceContaining("no space");
        full = false;
        environment.clock.advance(MINUTE);
        environment.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
        write(store);
        store.commitDurably(new byte[] {2});
        store.close();
        assertThat(open(durability).durablePayload()).containsExactly(2);
    }

    @Test
    void aCloseOnAFullDiskSaysSo() {
        Store store = open(Durability.NONE);
        write(store);
        store.commit(new byte[] {1});
        full = true;
        assertThatThrownBy(store::close).isInstanceOf(StoreIoException.class).hasStackTraceContaining("no space");
        full = false;
        open(Durability.NONE);
    }

    @Test
    void aCompactionOnAFullDiskStopsNoWrites() {
        Store store = open(Durability.NONE);
        for (int i = 0; i < 3; i++) {
            write(store);
            store.flush();
        }
        full = true;
        assertThatThrownBy(store::compact).isInstanceOf(StoreIoException.class).hasStackTraceContaining("no space");
        assertThat(store.statistics().readOnlyCause()).isNull();
        full = false;
        store.compact();
        assertThat(store.statistics().sortedRuns()).isEqualTo(1);
    }

    @Test
    void aCheckpointThatCannotBeWritten() {
        Store store = open(Durability.NONE);
        write(store);
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            environment.executor.drain();
            FileStore target = new BrokenFiles(new CrashFileStore());
            gone = true;
            assertThatThrownBy(() -> checkpoint.writeTo(target))
                    .isInstanceOf(StoreIoException.class)
                    .hasRootCauseMessage("gone");
            gone = false;
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void aStoreThatCannotBeRead(Durability durability) {
        Store store = open(durability);
        write(store);
        store.flush();
        write(store);
        store.close();
        unreadable = true;
        assertThatThrownBy(() -> open(durability))
                .isInstanceOf(StoreIoException.class)
                .hasStackTraceContaining("cannot read");
        unreadable = false;
        open(durability);
    }

    /** The steps after the second failure were left out, and the threads of the environment lived on. */
    @Test
    void twoStoresOfAnEnvironmentThatIsClosed() throws InterruptedException {
        Thread[] worker = new Thread[1];
        UncheckedIOException cause = new UncheckedIOException(new IOException("gone"));
        Environment two = Environment.builder().memoryBytes(8 << 20).build();
        for (int i = 0; i < 2; i++) {
            Store store = two.open(
                    new ForwardingFileStore(new CrashFileStore()) {
                        @Override
                        public WritableFile create(String name) throws IOException {
                            if (full) {
                                throw cause;
                            }
                            return super.create(name);
                        }
                    },
                    StoreOptions.builder()
                            .name("store " + i)
                            .compactionFilter((key, keyLength, value, valueLength) -> {
                                worker[0] = worker[0] == null ? Thread.currentThread() : worker[0];
                                return false;
                            })
                            .build());
            write(store);
            store.commitDurably(new byte[0]);
            write(store);
            store.commit(new byte[0]);
        }
        full = true;
        assertThatThrownBy(two::close).isSameAs(cause);
        worker[0].join(60_000);
        assertThat(worker[0].isAlive()).isFalse();
    }
}
