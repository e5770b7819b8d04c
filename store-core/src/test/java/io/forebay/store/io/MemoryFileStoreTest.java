package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFileStoreTest extends FileStoreContract {
    @Override
    FileStore newStore() {
        return new MemoryFileStore();
    }

    @Test
    void aFileBeingWrittenShowsWhatItHas() throws IOException {
        FileStore store = newStore();
        WritableFile written = store.create("log");
        for (int i = 1; i <= 100; i++) {
            written.append(ByteBuffer.wrap(new byte[] {(byte) i}));
            assertThat(read(store, "log")).hasSize(i).endsWith((byte) i);
        }
        try (ReadableFile open = store.open("log")) {
            written.append(ByteBuffer.allocate(10_000));
            assertThat(open.size()).isEqualTo(10_100);
        }
    }

    @Test
    void takesFilesOfALocalStore(@TempDir File directory) throws IOException {
        FileStore local = new LocalFileStore(directory);
        write(local, "a", ascii("from disk"));
        FileStore memory = newStore();
        memory.linkFrom(local, "a");
        local.delete("a");
        assertThat(read(memory, "a")).isEqualTo(ascii("from disk"));
    }
}
