package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The close of a file that nobody needs any more threw. An unchecked exception from an obsolete SST made the store read-only and left
 * files behind; a failed log that could not be closed kept the store from being repaired.
 */
class CloseThrowsTest {
    private final SteppedEnvironment environment = new SteppedEnvironment();
    private final CrashFileStore disk = new CrashFileStore();
    private final Set<String> broken = new HashSet<>();

    private boolean readersThrow;
    private boolean appendsFail;
    private boolean unchecked;

    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            return new Writer(super.create(name)) {
                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    if (appendsFail) {
                        broken.add(name);
                        throw new IOException("no space");
                    }
                    super.append(bytes);
                }

                @Override
                public void close() throws IOException {
                    super.close();
                    if (broken.contains(name)) {
                        fail();
                    }
                }
            };
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            return new Reader(super.open(name)) {
                @Override
                public void close() throws IOException {
                    super.close();
                    if (readersThrow) {
                        fail();
                    }
                }
            };
        }
    };

    private void fail() throws IOException {
        if (unchecked) {
            throw new UncheckedIOException(new IOException("session expired"));
        }
        throw new IOException("session expired");
    }

    @AfterEach
    void close() {
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

    private long tables() {
        return disk.list().stream().filter(name -> name.endsWith(".sst")).count();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anObsoleteFileIsDeletedAllTheSame(boolean unchecked) {
        this.unchecked = unchecked;
        Store store = open(Durability.NONE);
        readersThrow = true;
        for (int i = 0; i < 5; i++) {
            write(store);
            store.commitDurably(new byte[0]);
            store.get("key 7".getBytes(UTF_8));
        }
        store.compact();
        environment.executor.drain();
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(tables()).isEqualTo(1);
        assertThat(store.get("key 7".getBytes(UTF_8))).hasSize(100);
        readersThrow = false;
    }

    /** The open reads and closes manifests and logs. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStoreIsOpenedAllTheSame(boolean unchecked) {
        this.unchecked = unchecked;
        Store store = open(Durability.BUFFERED);
        write(store);
        store.close();
        readersThrow = true;
        store = open(Durability.BUFFERED);
        assertThat(store.get("key 7".getBytes(UTF_8))).hasSize(100);
        assertThat(store.verify().isClean()).isTrue();
        readersThrow = false;
    }

    /** The edit that finds no space ends its manifest, and the log that finds none is replaced. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailedFileKeepsNoStoreFromItsRepair(boolean unchecked) {
        this.unchecked = unchecked;
        for (Durability durability : Durability.values()) {
            Store store = open(durability);
            write(store);
            store.commitDurably(new byte[] {1});
            appendsFail = true;
            assertThatThrownBy(() -> {
                        store.put("key".getBytes(UTF_8), new byte[1]);
                        store.commitDurably(new byte[] {2});
                    })
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasMessageContaining("no space")
                    .hasMessageContaining("by itself");
            appendsFail = false;
            store.resume();
            write(store);
            store.commitDurably(new byte[] {3});
            store.close();
            try (Store again = open(durability)) {
                assertThat(again.durablePayload()).containsExactly(3);
            }
        }
    }

    /** The file of a flush or a compaction that fails: what counts is why it failed. */
    @Test
    void theCauseIsThatOfTheWrite() {
        unchecked = true;
        Store store = open(Durability.NONE);
        write(store);
        appendsFail = true;
        assertThatThrownBy(store::flush)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("by itself")
                .hasRootCauseMessage("no space");
        appendsFail = false;
        store.resume();
        environment.executor.drain();
        assertThat(tables()).isEqualTo(1);
    }
}
