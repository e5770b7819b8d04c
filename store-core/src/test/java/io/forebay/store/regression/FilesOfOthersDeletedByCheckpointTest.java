package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.Environment;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A failed {@code Checkpoint.writeTo} could delete a file of another owner in the same directory, and took the metadata
 * of another owner for its own.
 */
final class FilesOfOthersDeletedByCheckpointTest {
    private static final byte[] FOREIGN = "somebody else's".getBytes(UTF_8);

    private final MemoryFileStore files = new MemoryFileStore();
    private final MemoryFileStore place = new MemoryFileStore();
    private final Environment environment =
            Environment.builder().memoryBytes(8 << 20).build();
    private Checkpoint checkpoint;

    /** The name comes after the look at the directory, which finds it empty. */
    private final class Shared extends ForwardingFileStore {
        private final String name;

        Shared(String name) {
            super(place);
            this.name = name;
        }

        @Override
        public List<String> list() throws IOException {
            List<String> before = super.list();
            try (WritableFile file = place.create(name)) {
                file.append(ByteBuffer.wrap(FOREIGN));
            }
            return before;
        }
    }

    @BeforeEach
    void takeCheckpoint() {
        Store store = environment.open(files, StoreOptions.defaults());
        for (int i = 0; i < 3; i++) {
            store.put(new byte[] {(byte) i}, new byte[10]);
            store.flush();
        }
        checkpoint = store.checkpoint(new byte[0]);
        checkpoint.completion().join();
    }

    @AfterEach
    void close() {
        environment.close();
    }

    private void failsAndLeaves(String name) throws IOException {
        assertThatThrownBy(() -> checkpoint.writeTo(new Shared(name))).isInstanceOf(StoreIoException.class);
        assertThat(place.list()).containsExactly(name);
        try (ReadableFile file = place.open(name)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(0, content);
            assertThat(content.array()).isEqualTo(FOREIGN);
        }
    }

    @Test
    void aFileOfSomebodyElseIsNotTakenBack() throws IOException {
        List<CheckpointFile> all = checkpoint.files();
        failsAndLeaves(all.get(all.size() - 1).name());
    }

    @Test
    void metadataOfSomebodyElseIsNotTakenBack() throws IOException {
        failsAndLeaves("CHECKPOINT");
    }
}
