package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * An ingest in whose {@code add} the JVM or a file store threw what is no I/O error went on, after a file that ended in
 * the middle of an entry.
 */
class IngestGoesOnAfterErrorTest {
    private static final int ENTRIES = 2_000;

    private final CrashFileStore disk = new CrashFileStore();
    /** Thrown by the append to an SST after so many; null for none. */
    private Throwable failure;

    private int appends;

    private final FileStore files = new ForwardingFileStore(disk) {
        @Override
        public WritableFile create(String name) throws IOException {
            WritableFile file = super.create(name);
            if (!name.endsWith(".sst")) {
                return file;
            }
            return new Writer(file) {
                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    if (failure != null && --appends < 0) {
                        Throwable due = failure;
                        failure = null;
                        super.append(bytes.slice().limit(bytes.remaining() / 2));
                        throwUnchecked(due);
                    }
                    super.append(bytes);
                }
            };
        }
    };

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final Store store = stepped.open(files);

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

    @Test
    void anErrorOfTheJvmEndsIt() {
        endsAfter(new OutOfMemoryError("injected"));
    }

    @Test
    void whatAFileStoreThrowsUncheckedEndsIt() {
        endsAfter(new IllegalStateException("injected"));
    }

    private void endsAfter(Throwable injected) {
        failure = injected;
        appends = 2;
        int failed = -1;
        try (SortedIngest ingest = store.ingest()) {
            for (int i = 0; i < ENTRIES && failed < 0; i++) {
                try {
                    ingest.add(key(i), new byte[100]);
                } catch (OutOfMemoryError | IllegalStateException e) {
                    assertThat(e).isSameAs(injected);
                    failed = i;
                }
            }
            assertThat(failed).as("the entry that failed").isPositive();
            byte[] again = key(failed);
            assertThatThrownBy(() -> ingest.add(again, new byte[100]))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(ingest::finish).isInstanceOf(IllegalStateException.class);
        }
        assertThat(store.get(key(0))).isNull();
        store.put(key(0), key(0)); // nothing waits for the ingest
        stepped.executor.drain();
        assertThat(disk.list()).noneMatch(name -> name.endsWith(".sst"));
        assertThat(store.verify().isClean()).isTrue();
    }

    private static void throwUnchecked(Throwable failure) {
        if (failure instanceof Error e) {
            throw e;
        }
        throw (RuntimeException) failure;
    }

    private static byte[] key(int i) {
        return String.format("key %08d", i).getBytes(UTF_8);
    }
}
