package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A sync reaches the medium also where the operating system's own ends at the drive. */
class SyncHandleTest {
    @TempDir
    Path directory;

    @Test
    void theDriveIsFlushedWithEverySync() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        List<Path> flushed = new ArrayList<>();
        try (SyncHandle handle = SyncHandle.open(file, flushed::add)) {
            assertThat(flushed).isEmpty();
            handle.sync();
            assertThat(flushed).containsExactly(file);
            handle.sync();
        }
        assertThat(flushed).containsExactly(file, file);
    }

    @Test
    void aDriveThatCannotBeFlushedFailsTheSync() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        try (SyncHandle handle = SyncHandle.open(file, path -> {
            throw new IOException("no");
        })) {
            assertThatThrownBy(handle::sync).isInstanceOf(IOException.class).hasMessage("no");
        }
    }

    @Test
    void anInterruptDoesNotStopTheFlushAndIsKept() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        Thread.currentThread().interrupt();
        SyncHandle.flushDrive(file);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void macIsWhereItIsNeeded() {
        assertThat(SyncHandle.SYNC_LEAVES_DRIVE_CACHE).isEqualTo(OS.MAC.isCurrentOs());
    }
}
