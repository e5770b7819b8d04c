package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An ingest whose {@code finish()} had thrown, because the manifest could not be synced, was there after an orderly
 * close and open of a store with a log. {@code finish()} beside a close or a discard threw what only the inside of the
 * store knows, and could write to the manifest of a store that was closed.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailedIngestComesBackTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final byte[] OLD = "old".getBytes(UTF_8);
    private static final byte[] NEW = "new".getBytes(UTF_8);
    private static final byte[] PAYLOAD = "payload".getBytes(UTF_8);

    private final CrashFileStore disk = new CrashFileStore();
    private final AtomicBoolean broken = new AtomicBoolean();

    /** While it is broken, syncs of manifests fail, although all of them is there. */
    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            WritableFile file = super.create(name);
            if (!name.startsWith("MANIFEST")) {
                return file;
            }
            return new Writer(file) {
                @Override
                public void sync() throws IOException {
                    super.sync();
                    if (broken.get()) {
                        throw new IOException("broken disk");
                    }
                }
            };
        }
    };

    private static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability);
    }

    /** With a row in a file, and an ingest that has failed behind it. */
    private Store afterAFailedIngest(SteppedEnvironment stepped, Durability durability) {
        Store store = stepped.open(files, options(durability));
        store.put(KEY, OLD);
        store.commitDurably(PAYLOAD);
        store.flush();
        try (SortedIngest ingest = store.ingest()) {
            ingest.add(KEY, NEW);
            broken.set(true);
            assertThatThrownBy(ingest::finish).isInstanceOf(StoreIoException.class);
        }
        assertThat(store.get(KEY)).isEqualTo(OLD);
        return store;
    }

    @ParameterizedTest
    @EnumSource
    void oneThatFailedIsNotThereAfterAClose(Durability durability) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = afterAFailedIngest(stepped, durability);
            broken.set(false);
            store.close();
            Store again = stepped.open(disk, options(durability));
            assertThat(again.get(KEY)).isEqualTo(OLD);
            assertThat(again.committedPayload()).isEqualTo(PAYLOAD);
        }
    }

    @Test
    void aCloseThatCannotMakeSureSaysSo() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = afterAFailedIngest(stepped, Durability.SYNCED);
            assertThatThrownBy(store::close)
                    .isInstanceOf(StoreIoException.class)
                    .hasRootCauseMessage("broken disk");
            // What it is then is open, but it is let go.
            assertThat(stepped.open(disk, options(Durability.SYNCED)).committedPayload())
                    .isEqualTo(PAYLOAD);
        }
    }

    /** Background work never comes; who waits for it does something else first, once. */
    private static final class IdleExecutor implements BackgroundExecutor {
        final AtomicReference<Runnable> instead = new AtomicReference<>();

        @Override
        public void execute(Kind kind, Runnable work) {
            // stays undone
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return () -> {};
        }

        @Override
        public boolean help() {
            Runnable due = instead.getAndSet(null);
            if (due != null) {
                due.run();
            }
            return due != null;
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @CsvSource({"NONE, true", "NONE, false", "BUFFERED, true", "BUFFERED, false"})
    void oneThatWaitsForAFlushHearsOfAClose(Durability durability, boolean discard) {
        IdleExecutor executor = new IdleExecutor();
        try (Environment environment = Environment.builder()
                .executor(executor)
                .allocator(new HeapSlabs())
                .build()) {
            Store store = environment.open(disk, options(durability).build());
            store.put(KEY, OLD);
            SortedIngest ingest = store.ingest();
            ingest.add(KEY, NEW);
            executor.instead.set(() -> CompletableFuture.runAsync(discard ? store::discard : store::close)
                    .join());
            assertThatThrownBy(ingest::finish)
                    .isInstanceOf(StoreClosedException.class)
                    .hasNoSuppressedExceptions();
            assertThat(executor.instead.get()).as("what came in between").isNull();
            ingest.close();
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            byte[] found = stepped.open(disk, options(durability)).get(KEY);
            assertThat(found).isNotEqualTo(NEW);
            if (durability != Durability.NONE && !discard) {
                assertThat(found).isEqualTo(OLD);
            }
        }
    }
}
