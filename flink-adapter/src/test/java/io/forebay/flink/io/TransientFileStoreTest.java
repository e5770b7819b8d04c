package io.forebay.flink.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStores;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import java.io.File;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransientFileStoreTest {
    @TempDir
    private File temporary;

    @Test
    void isAnOrdinaryDirectory() throws Exception {
        File directory = new File(temporary, "a");
        assertThat(directory.mkdir()).isTrue();
        TransientFileStore files = TransientFileStore.in(directory);
        try (WritableFile file = files.create("one")) {
            file.append(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertThat(file.position()).isEqualTo(3);
            file.sync();
        }
        files.syncDirectory();
        assertThat(files.list()).containsExactly("one");
        assertThat(files.exists("one")).isTrue();
        try (ReadableFile file = FileStores.local(directory).open("one")) {
            assertThat(file.size()).isEqualTo(3);
        }
        assertThat(files.putIfAbsent("two", new byte[] {9})).isTrue();
        assertThat(files.putIfAbsent("two", new byte[] {8})).isFalse();
        files.delete("one");
        assertThat(files.list()).containsExactly("two");
        assertThat(files.describe()).isEqualTo(FileStores.local(directory).describe());
    }

    @Test
    void filesAreLinkedBetweenDirectories() throws Exception {
        File a = new File(temporary, "a");
        File b = new File(temporary, "b");
        assertThat(a.mkdir() && b.mkdir()).isTrue();
        TransientFileStore from = TransientFileStore.in(a);
        TransientFileStore to = TransientFileStore.in(b);
        try (WritableFile file = from.create("one")) {
            file.append(ByteBuffer.wrap(new byte[1000]));
        }
        to.linkFrom(from, "one");
        assertThat(to.exists("one")).isTrue();
        Object inodeA = java.nio.file.Files.getAttribute(new File(a, "one").toPath(), "unix:ino");
        Object inodeB = java.nio.file.Files.getAttribute(new File(b, "one").toPath(), "unix:ino");
        assertThat(inodeB).as("one file with two names").isEqualTo(inodeA);
    }
}
