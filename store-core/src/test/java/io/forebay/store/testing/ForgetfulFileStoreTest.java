package io.forebay.store.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk that forgets keeps what was synced, and has the rest only by chance. */
class ForgetfulFileStoreTest {
    @TempDir
    File root;

    private static void write(FileStore files, String name, String text, boolean sync) throws IOException {
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(text.getBytes(UTF_8)));
            if (sync) {
                file.sync();
            }
        }
    }

    private static String read(FileStore files, String name) throws IOException {
        try (ReadableFile file = files.open(name)) {
            byte[] bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
            return new String(bytes, UTF_8);
        }
    }

    @Test
    void onlyWhatWasSyncedIsSureToBeThere() throws IOException {
        int withoutName = 0;
        int withoutBytes = 0;
        int undeleted = 0;
        for (int seed = 0; seed < 60; seed++) {
            File place = new File(root, "store-" + seed);
            ForgetfulFileStore files = new ForgetfulFileStore(place, seed);
            write(files, "both", "kept", true);
            write(files, "name", "lost?", false);
            files.syncDirectory();
            write(files, "bytes", "kept without a name", true);
            files.putIfAbsent("put", "kept".getBytes(UTF_8));
            assertThat(files.list()).containsExactly("both", "bytes", "name", "put");
            assertThat(read(files, "bytes")).isEqualTo("kept without a name");
            files.delete("both");
            assertThat(files.list()).doesNotContain("both");

            FileStore left = FileStores.local(place);
            List<String> names = left.list();
            assertThat(names).contains("name", "put");
            assertThat("lost?").startsWith(read(left, "name"));
            assertThat(read(left, "put")).isEqualTo("kept");
            withoutName += names.contains("bytes") ? 0 : 1;
            withoutBytes += read(left, "name").isEmpty() ? 1 : 0;
            undeleted += names.contains("both") ? 1 : 0;

            files.syncDirectory();
            files.sync("name");
            assertThat(left.list()).containsExactly("bytes", "name", "put");
            assertThat(read(left, "name")).isEqualTo("lost?");
            ForgetfulFileStore next = new ForgetfulFileStore(place, seed);
            assertThat(next.list()).containsExactly("bytes", "name", "put");
            ForgetfulFileStore other = new ForgetfulFileStore(new File(root, "other-" + seed), seed);
            other.linkFrom(next, "bytes");
            assertThat(read(other, "bytes")).isEqualTo("kept without a name");
            other.syncDirectory();
            assertThat(read(FileStores.local(new File(root, "other-" + seed)), "bytes"))
                    .isEqualTo("kept without a name");
        }
        assertThat(withoutName).isBetween(30, 59); // mostly lost, and written back unasked now and then
        assertThat(withoutBytes).isBetween(30, 59);
        assertThat(undeleted).isGreaterThan(30);
    }
}
