package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.GoldenBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes of a manifest, records and all. */
class ManifestFormatTest {
    private static final FileMeta FLUSHED = VersionFixture.meta(new FileId(1, 2), "a", "m", 1, 40);

    private final MemoryFileStore files = new MemoryFileStore();

    @Test
    void bytesAreAsEver() throws IOException {
        try (Manifest manifest =
                Manifest.create(files, 1, 0x0123456789ABCDEFL, new VersionEdit().nextRank(1), Encryption.NONE)) {
            manifest.append(flush());
            manifest.append(new VersionEdit().commit(41, new byte[] {7}));
        }
        try (ReadableFile file = files.open(Manifest.name(1))) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            GoldenBytes.verify("manifest", bytes.array());
        }
    }

    @Test
    void manifestsOfOldCanBeRead() throws IOException {
        files.putIfAbsent(Manifest.name(1), GoldenBytes.read("manifest"));
        Manifest.Recovered recovered = Manifest.recover(files, Encryption.NONE);
        assertThat(recovered.number()).isEqualTo(1);
        List<VersionEdit> edits = recovered.edits();
        assertThat(edits).hasSize(3);
        assertThat(VersionEditCodec.encode(edits.get(0))).containsExactly(0x10, 1, 1);
        assertThat(edits.get(1).added()).containsExactly(new VersionEdit.Added(1, FLUSHED));
        assertThat(edits.get(1).commit().sequence()).isEqualTo(40);
        assertThat(edits.get(1).commit().payload()).isEmpty();
        assertThat(edits.get(2).commit().sequence()).isEqualTo(41);
        assertThat(edits.get(2).commit().payload()).containsExactly(7);
        assertThat(edits.get(2).added()).isEmpty();
    }

    private static VersionEdit flush() {
        return new VersionEdit().add(1, FLUSHED).commit(40, new byte[0]);
    }
}
