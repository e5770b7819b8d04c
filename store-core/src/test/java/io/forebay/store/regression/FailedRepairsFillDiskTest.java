package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * While the manifest could not be written, each attempt to repair wrote all memtables once more, until these files
 * filled the disk and the store could not be repaired any more. Each open that failed after it had started its
 * write-ahead log left one more log.
 */
class FailedRepairsFillDiskTest {
    private static final int ATTEMPTS = 10;
    private static final byte[] PAYLOAD = "payload".getBytes(UTF_8);
    private static final byte[] VALUE = new byte[1000];

    private final FileStore disk = FileStores.inMemory();
    private boolean manifestsFail;
    private boolean editsFail;
    private boolean manifestsStay;
    private long room = 1L << 40;

    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            WritableFile file = super.create(name);
            return name.startsWith("MANIFEST") ? new ManifestFile(file) : new RationedFile(file);
        }

        @Override
        public void delete(String name) throws IOException {
            if (manifestsStay && name.startsWith("MANIFEST")) {
                throw new UncheckedIOException(new IOException("503 slow down"));
            }
            if (name.endsWith(".sst")) {
                try (ReadableFile file = disk.open(name)) {
                    room += file.size();
                }
            }
            super.delete(name);
        }
    };

    private final SteppedEnvironment stepped = new SteppedEnvironment();

    @AfterEach
    void close() {
        stepped.close();
    }

    @Test
    void failedRepairsLeaveNoFiles() throws IOException {
        try (Store store = stepped.open(files)) {
            fillAndFail(store);
            long left = ssts();
            for (int i = 0; i < ATTEMPTS; i++) {
                assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            }
            assertThat(ssts()).isEqualTo(left);
            manifestsFail = false;
            store.resume();
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
        assertThat(ssts()).isEqualTo(1);
    }

    @Test
    void aRepairFindsRoomInWhatTheFailureLeft() {
        try (Store store = stepped.open(files)) {
            room = 150_000;
            fillAndFail(store);
            manifestsFail = false;
            assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            stepped.executor.drain(); // deletes what the failed edit had added
            store.resume();
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
    }

    /** A hundred rows in one file of a little more than 100,000 bytes, in an edit that fails. */
    private void fillAndFail(Store store) {
        for (int i = 0; i < 100; i++) {
            store.put(("key" + i).getBytes(UTF_8), VALUE);
        }
        manifestsFail = true;
        assertThatThrownBy(() -> store.commitDurably(PAYLOAD)).isInstanceOf(StoreException.class);
    }

    @Test
    void opensThatFailLeaveOneLog() throws IOException {
        StoreOptions.Builder logged = StoreOptions.builder().durability(Durability.SYNCED);
        try (Store store = stepped.open(files, logged)) {
            store.put(PAYLOAD, VALUE);
            store.flush();
        }
        editsFail = true;
        for (int i = 0; i < ATTEMPTS; i++) {
            assertThatThrownBy(() -> stepped.open(files, logged)).isInstanceOf(StoreException.class);
        }
        assertThat(disk.list().stream().filter(name -> name.startsWith("WAL"))).hasSizeLessThanOrEqualTo(2);
        editsFail = false;
        try (Store store = stepped.open(files, logged)) {
            assertThat(store.get(PAYLOAD)).isEqualTo(VALUE);
        }
    }

    /** The new manifest is durable by then; the old one is deleted later. */
    @Test
    void anUncheckedExceptionFromADeleteOfAManifestStopsNoStore() throws IOException {
        stepped.open(files).close();
        manifestsStay = true;
        try (Store store = stepped.open(files)) {
            store.put(PAYLOAD, VALUE);
            store.commitDurably(PAYLOAD);
            assertThat(store.statistics().readOnlyCause()).isNull();
        }
        manifestsStay = false;
        try (Store store = stepped.open(files)) {
            assertThat(store.get(PAYLOAD)).isEqualTo(VALUE);
        }
        assertThat(disk.list().stream().filter(name -> name.startsWith("MANIFEST")))
                .hasSize(1);
    }

    private long ssts() throws IOException {
        return disk.list().stream().filter(name -> name.endsWith(".sst")).count();
    }

    /** Fails in its sync, or in the first edit behind those that begin it. */
    private final class ManifestFile extends ForwardingFileStore.Writer {
        private int appends;

        ManifestFile(WritableFile delegate) {
            super(delegate);
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            if (editsFail && ++appends > 1) {
                throw new IOException("No space left on device");
            }
            super.append(bytes);
        }

        @Override
        public void sync() throws IOException {
            if (manifestsFail) {
                throw new IOException("Input/output error");
            }
            super.sync();
        }
    }

    /** Fails when the disk is full. */
    private final class RationedFile extends ForwardingFileStore.Writer {
        RationedFile(WritableFile delegate) {
            super(delegate);
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() > room) {
                throw new IOException("No space left on device");
            }
            room -= bytes.remaining();
            super.append(bytes);
        }
    }
}
