package io.forebay.store.version.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ReadableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.GoldenBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** The bytes of a log. */
class ManifestRecordsTest {
    @Test
    void bytesAreAsEver() throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        try (ManifestWriter log = new ManifestWriter(files.create("log"), 0x0123456789ABCDEFL)) {
            log.append(new byte[] {1, 2, 3});
            log.append(new byte[] {(byte) 0xFF});
        }
        try (ReadableFile file = files.open("log")) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            GoldenBytes.verify("log", bytes.array());
        }
    }

    @Test
    void logsOfOldCanBeRead() throws IOException {
        ManifestReader log = new ManifestReader(new ByteArrayFile(GoldenBytes.read("log")), "log");
        assertThat(log.next()).containsExactly(1, 2, 3);
        assertThat(log.contentPosition()).isEqualTo(8);
        assertThat(log.next()).containsExactly(0xFF);
        assertThat(log.contentPosition()).isEqualTo(27);
        assertThat(log.next()).isNull();
        assertThat(log.isTorn()).isFalse();
    }
}
