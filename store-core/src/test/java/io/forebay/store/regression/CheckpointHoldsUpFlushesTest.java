package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.Halt;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The close of a checkpoint closed files under the monitor that flushes take, so flushes, checkpoints and, behind these, writers waited for the
 * file store; one whose files read the store when they are closed made all of them wait for ever. Others that close the checkpoint do wait.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointHoldsUpFlushesTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final Halt close = new Halt();
    private volatile boolean halting;

    private final FileStore files = new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public ReadableFile open(String name) throws IOException {
            return new Reader(super.open(name)) {
                @Override
                public void close() throws IOException {
                    if (halting) {
                        close.here();
                    }
                    super.close();
                }
            };
        }
    };

    @Test
    void notWhileItsFilesAreClosed() throws Exception {
        try (Environment environment =
                        Environment.builder().memoryBytes(8 << 20).build();
                Store store = environment.open(files, StoreOptions.defaults())) {
            for (int i = 0; i < 3; i++) {
                store.put(KEY, new byte[100 + i]);
                store.flush();
            }
            Checkpoint checkpoint = store.checkpoint(new byte[0]);
            checkpoint.completion().join();
            store.put(KEY, new byte[200]);
            store.compact(); // opens the files, which nobody else has after it
            halting = true;
            Thread closer = new Thread(checkpoint::close);
            closer.start();
            close.reached.await();

            store.put(KEY, new byte[300]);
            store.flush();
            try (Checkpoint second = store.checkpoint(new byte[0])) {
                second.completion().join();
                assertThat(second.files()).isNotEmpty();
            }
            Thread other = new Thread(checkpoint::close); // as the close of the store does
            other.start();
            Thread.State state;
            do {
                Thread.onSpinWait();
                state = other.getState();
            } while (state != Thread.State.WAITING && state != Thread.State.TERMINATED);
            assertThat(state).isEqualTo(Thread.State.WAITING);
            halting = false;
            close.release.countDown();
            closer.join();
            other.join();
        }
    }
}
