package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * After a sync of the manifest had failed, the next open synced the same file once more, took that for success, and
 * called the commit durable. The kernel may drop what it could not write, show it to readers all the same, and call the
 * next sync of the same file a success.
 */
class FailedSyncTakenForDurableTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final CrashFileStore disk = new CrashFileStore();
    private final ForgetfulSyncs files = new ForgetfulSyncs(disk);
    private final Environment environment = newEnvironment();

    private static Environment newEnvironment() {
        return Environment.builder().memoryBytes(2 << 20).build();
    }

    @AfterEach
    void close() {
        environment.close();
    }

    private static StoreOptions options() {
        return StoreOptions.builder().name("test").build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOpenDoesNotTakeTheManifestForDurable(boolean discard) {
        try (SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1))) {
            Store store = first.open(files);
            store.put(KEY, "1".getBytes(UTF_8));
            store.commitDurably("c1".getBytes(UTF_8));
            store.put(KEY, "2".getBytes(UTF_8));
            files.failing = "MANIFEST";
            assertThatThrownBy(() -> store.commitDurably("c2".getBytes(UTF_8))).isInstanceOf(StoreException.class);
            if (discard) {
                store.discard();
            } else {
                assertThatThrownBy(store::close).isInstanceOf(StoreException.class);
            }
            assertThat(files.spoilt).isNotEmpty();
            files.failing = null;
        }
        // Its background work stands still: a power loss comes right behind the open.
        try (SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2))) {
            String said = new String(second.open(files).durablePayload(), UTF_8);
            for (int seed = 0; seed < 20; seed++) {
                try (Environment next = newEnvironment();
                        Store reopened = next.open(disk.afterCrash(new Random(seed)), options())) {
                    assertThat(new String(reopened.durablePayload(), UTF_8)).isEqualTo(said);
                    assertThat(new String(reopened.get(KEY), UTF_8)).isEqualTo(said.substring(1));
                }
            }
        }
    }

    /** What it finds is not durable, so nobody is to build on it; but it can be read. */
    @Test
    void anOpenThatCannotWriteAManifestIsReadOnlyUntilItCan() {
        try (SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1))) {
            Store store = first.open(files);
            store.put(KEY, "1".getBytes(UTF_8));
            store.commitDurably("c1".getBytes(UTF_8));
        }
        files.failing = "MANIFEST";
        try (SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2))) {
            Store store = second.open(files);
            assertThat(store.get(KEY)).isEqualTo("1".getBytes(UTF_8));
            assertThat(store.statistics().readOnlyCause()).contains("The sync of a file fails");
            assertThatThrownBy(() -> store.put(KEY, new byte[1])).isInstanceOf(ReadOnlyStoreException.class);
            assertThatThrownBy(store::durablePayload).isInstanceOf(ReadOnlyStoreException.class);
            assertThat(store.committedPayload()).isEqualTo("c1".getBytes(UTF_8));
            assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            files.failing = null;
            store.resume();
            assertThat(store.durablePayload()).isEqualTo("c1".getBytes(UTF_8));
            store.put(KEY, "2".getBytes(UTF_8));
            store.commitDurably("c2".getBytes(UTF_8));
        }
        try (Environment next = newEnvironment();
                Store reopened = next.open(disk.afterCrash(new Random(1)), options())) {
            assertThat(reopened.get(KEY)).isEqualTo("2".getBytes(UTF_8));
        }
    }

    /** As after any commit that could not be made durable. */
    @Test
    void aCloseOfSuchAStoreThrowsUnlessItCan() {
        try (SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1))) {
            Store store = first.open(files);
            store.put(KEY, "1".getBytes(UTF_8));
            store.commitDurably("c1".getBytes(UTF_8));
        }
        try (SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2))) {
            files.failing = "MANIFEST";
            Store store = second.open(files);
            assertThatThrownBy(store::close).hasRootCauseMessage("The sync of a file fails");
            Store again = second.open(files);
            files.failing = null;
            again.close();
            assertThat(again.durablePayload()).isEqualTo("c1".getBytes(UTF_8));
        }
    }

    /** What is repeated is all of it: the names that were found, then the manifest. */
    @Test
    void anOpenThatIsRepeatedAfterAFailureLeavesNothingThatCannotBeOpened() {
        CrashFileStore[] killed = new CrashFileStore[1];
        disk.disk().watch(change -> {
            if (change.startsWith("append to MANIFEST") && killed[0] == null) {
                killed[0] = disk.afterKill();
            }
        });
        try (SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1))) {
            first.open(files);
        }
        AtomicBoolean failing = new AtomicBoolean(true);
        FileStore found = new ForwardingFileStore(killed[0]) {
            @Override
            public void syncDirectory() throws IOException {
                if (failing.getAndSet(false)) {
                    throw new IOException("The sync of the directory fails");
                }
                super.syncDirectory();
            }
        };
        List<CrashFileStore> left = new ArrayList<>();
        try (SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2))) {
            Store store = second.open(found);
            assertThat(store.statistics().readOnlyCause()).contains("The sync of the directory fails");
            killed[0].disk().watch(change -> {
                for (int seed = 0; seed < 30; seed++) {
                    left.add(killed[0].afterCrash(new Random(seed)));
                }
            });
            store.resume();
        }
        assertThat(left).isNotEmpty();
        for (CrashFileStore crashed : left) {
            try (Environment next = newEnvironment()) {
                assertThat(next.open(crashed, options()).durablePayload()).isEmpty();
            }
        }
    }

    /** What was brought for it may be all that there is: a backup, whose files were durable, restored in its place. */
    @Test
    void aRestoreDeletesNoFileOfOthers() throws IOException {
        Store source = environment.open(new MemoryFileStore(), options());
        source.put(KEY, "1".getBytes(UTF_8));
        Checkpoint checkpoint = source.checkpoint(new byte[0]);
        checkpoint.completion().join();
        bring(checkpoint);
        files.failing = ".sst";
        List<String> before = files.list();
        assertThatThrownBy(() -> restore(checkpoint))
                .isInstanceOf(StoreIoException.class)
                .hasStackTraceContaining("Copy the file there anew")
                .hasRootCauseMessage("The sync of a file fails");
        assertThat(files.list()).isEqualTo(before);
    }

    /** As a host does that downloads into the directory. */
    private void bring(Checkpoint checkpoint) throws IOException {
        for (CheckpointFile file : checkpoint.files()) {
            try (ReadableFile in = checkpoint.open(file);
                    WritableFile out = files.create(file.name())) {
                ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(in.size()));
                in.read(0, bytes);
                out.append(bytes.flip());
            }
        }
    }

    private void restore(Checkpoint checkpoint) {
        environment.restore(
                files,
                options(),
                List.of(new RestoreSource(files, checkpoint.metadata(), KeyRange.all())),
                "r".getBytes(UTF_8));
    }

    /** Files whose sync failed stay as they are on disk, whatever is said to be synced later. */
    private static final class ForgetfulSyncs extends ForwardingFileStore {
        private volatile String failing;
        private final Set<String> spoilt = new HashSet<>();

        ForgetfulSyncs(FileStore files) {
            super(files);
        }

        /** @return false when nothing of the file will reach the disk any more */
        private synchronized boolean mayReachTheDisk(String name) throws IOException {
            if (failing != null && name.contains(failing)) {
                spoilt.add(name);
                throw new IOException("The sync of a file fails");
            }
            return !spoilt.contains(name);
        }

        @Override
        public WritableFile create(String name) throws IOException {
            return new Writer(super.create(name)) {
                @Override
                public void sync() throws IOException {
                    if (mayReachTheDisk(name)) {
                        super.sync();
                    }
                }
            };
        }

        @Override
        public void sync(String name) throws IOException {
            if (mayReachTheDisk(name)) {
                super.sync(name);
            }
        }

        @Override
        public synchronized void delete(String name) throws IOException {
            super.delete(name);
            spoilt.remove(name);
        }
    }
}
