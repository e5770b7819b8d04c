package io.forebay.store.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Creates a directory and makes its name durable. Thread-safe.
 *
 * <p>Directories are created from the top, and each name is synced before anything is created below it. So whenever a process
 * is killed, a crash can only take the name of the lowest directory that it created. The next process syncs that name before it
 * creates anything below that directory, or reports anything in it as durable. The names of directories that another program
 * created count as durable, except for the lowest one.
 */
final class DirectoryNames {
    private final Path directory;
    private final LocalFileStore.DirectorySync sync;
    /** True when the name of the directory is durable as far as this process knows. A lost update costs one more sync. */
    // Volatile: written by any thread
    private volatile boolean durable;

    DirectoryNames(Path directory, LocalFileStore.DirectorySync sync) {
        this.directory = directory;
        this.sync = sync;
    }

    /**
     * Creates the directory and the directories above it, where they are missing. The names of all that it created are durable
     * on return.
     */
    void make() throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        Path existing = directory;
        while (existing != null && !Files.exists(existing)) {
            missing.push(existing);
            existing = existing.getParent();
        }
        if (missing.isEmpty()) {
            return;
        }
        durable = false;
        if (existing != null) {
            syncNameOf(existing);
        }
        for (Path next : missing) {
            Files.createDirectories(next); // another process may have been faster
            syncNamesIn(next.getParent());
        }
        durable = true;
    }

    /** Makes the name of the directory durable. Called before anything in the directory counts as durable. */
    void makeNameDurable() throws IOException {
        if (!durable) {
            syncNameOf(directory);
            durable = true;
        }
    }

    /**
     * Syncs the name of a directory that was there already: the process that created it may have been killed before it could do
     * so.
     */
    private void syncNameOf(Path found) throws IOException {
        Path parent = found.toRealPath().getParent();
        if (parent != null) {
            try {
                sync.sync(parent);
            } catch (AccessDeniedException e) {
                // A process that may not write the directory above did not create this one in it, nor did an earlier
                // process
                // with the same rights.
                if (Files.isWritable(parent)) {
                    throw unreadable(parent, e);
                }
            }
        }
    }

    private void syncNamesIn(Path parent) throws IOException {
        try {
            sync.sync(parent);
        } catch (AccessDeniedException e) {
            throw unreadable(parent, e);
        }
    }

    private static IOException unreadable(Path parent, AccessDeniedException cause) {
        return new IOException(
                "Names in " + parent
                        + " cannot be made durable, because this process may write the directory and not read it; allow to read it",
                cause);
    }
}
