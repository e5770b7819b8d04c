package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An {@link Error} out of the close of a file left the value files of an SST open for good, and on disk until the next open. */
class ErrorInCloseKeepsValueFilesTest {
    private static final int ROWS = 50;

    private final HandleCountingFileStore.Counts handles = new HandleCountingFileStore.Counts();
    private final List<String> failing = new ArrayList<>();

    private final FileStore files =
            new ForwardingFileStore(new HandleCountingFileStore(new CrashFileStore(), handles)) {
                @Override
                public ReadableFile open(String name) throws IOException {
                    return new Reader(super.open(name)) {
                        @Override
                        public void close() throws IOException {
                            super.close();
                            if (failing.remove(name)) {
                                throw new OutOfMemoryError("in the close of " + name);
                            }
                        }
                    };
                }
            };

    @ParameterizedTest
    @ValueSource(strings = {".sst", ".val"})
    void theyAreClosedAndDeleted(String suffix) throws IOException {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(
                    files, StoreOptions.builder().valueFileThreshold(100).targetFileBytes(4 << 10));
            write(store);
            store.compact();
            read(store);
            List<String> first = tables();
            Checkpoint checkpoint = store.checkpoint(new byte[0]);
            stepped.executor.drain();
            checkpoint.completion().join();
            write(store);
            store.compact();
            read(store);
            failing.addAll(first.stream().filter(name -> name.endsWith(suffix)).toList());
            assertThat(failing).isNotEmpty();

            while (!failing.isEmpty()) {
                int before = failing.size();
                assertThatThrownBy(checkpoint::close).isInstanceOf(OutOfMemoryError.class);
                assertThat(failing).hasSizeLessThan(before);
            }
            checkpoint.close();
            stepped.executor.drain();
            assertThat(tables()).doesNotContainAnyElementsOf(first);
            store.close();
            assertThat(handles.open()).isZero();
        }
    }

    private static void write(Store store) {
        for (int i = 0; i < ROWS; i++) {
            store.put(key(i), new byte[300]);
        }
    }

    private static void read(Store store) {
        for (int i = 0; i < ROWS; i++) {
            assertThat(store.get(key(i))).hasSize(300);
        }
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(4).putInt(i).array();
    }

    /** SSTs and value files. */
    private List<String> tables() throws IOException {
        return files.list().stream()
                .filter(name -> name.endsWith(".sst") || name.endsWith(".val"))
                .toList();
    }
}
