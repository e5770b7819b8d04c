package io.forebay.store.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Makes a directory, and its name durable.
 *
 * <p>Directories are made from the top, and each name is synced before anything is made below it. So whatever moment a process
 * is killed at, of the directories that it made only the lowest one may have a name that a crash can still take; and that one is
 * synced by whoever comes next, before he makes anything below it or calls anything in it durable. Directories that somebody
 * else made count as durable, but for the lowest. Thread-safe.
 */
final class DirectoryNames {
    private final Path directory;
    private final LocalFileStore.DirectorySync sync;
    /** True when the name of the directory is durable for all that this process knows. */
    private volatile boolean durable;

    DirectoryNames(Path directory, LocalFileStore.DirectorySync sync) {
        this.directory = directory;
        this.sync = sync;
    }

    /** Creates the directory if need be, and those above it; the names of all that were made are durable on return. */
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
            Files.createDirectories(next); // somebody else may have been faster
            syncNamesIn(next.getParent());
        }
        durable = true;
    }

    /** To be called before anything in the directory counts as durable. */
    void settle() throws IOException {
        if (!durable) {
            syncNameOf(directory);
            durable = true;
        }
    }

    /** Of a directory that was there: whoever made it may have been killed before it could sync the name. */
    private void syncNameOf(Path found) throws IOException {
        Path parent = found.toRealPath().getParent();
        if (parent != null) {
            try {
                sync.sync(parent);
            } catch (AccessDeniedException e) {
                // Who may not write the directory above has not made this one in it, nor has a process before of the
                // same rights.
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
                        + " cannot be made durable, because it may be written and not read; allow to read it",
                cause);
    }
}
