package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinksTest {
    @TempDir
    Path directory;

    /** What Windows tells of a directory. */
    private record Attributes(boolean isSymbolicLink, boolean isOther) implements BasicFileAttributes {
        @Override
        public FileTime lastModifiedTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime lastAccessTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public FileTime creationTime() {
            return FileTime.fromMillis(0);
        }

        @Override
        public boolean isRegularFile() {
            return false;
        }

        @Override
        public boolean isDirectory() {
            return !isSymbolicLink;
        }

        @Override
        public long size() {
            return 0;
        }

        @Override
        public Object fileKey() {
            return null;
        }
    }

    @Test
    void aDirectoryIsNoLink() throws Exception {
        assertThat(Links.isLink(directory.toFile())).isFalse();
        assertThat(Links.isLink(new File(directory.toFile(), "."))).isFalse();
    }

    @Test
    void aDirectoryReachedThroughALinkIsNone() throws Exception {
        Path real = Files.createDirectories(directory.resolve("real/below"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real.getParent());
        assertThat(Links.isLink(link.toFile())).isTrue();
        assertThat(Links.isLink(link.resolve("below").toFile())).isFalse();
    }

    @Test
    void aJunctionIsALink() {
        assertThat(Links.isLink(new Attributes(false, true))).isTrue();
        assertThat(Links.isLink(new Attributes(true, false))).isTrue();
        assertThat(Links.isLink(new Attributes(false, false))).isFalse();
    }
}
