package io.forebay.store.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Examines what a name in a directory stands for, without following links. Files of a store are regular files: a symbolic link
 * would lead reads, locks and truncations out of the directory, and the open of a FIFO waits for a process at its other end. If
 * a name is exchanged between the check and the open, the open still refuses a link. Thread-safe, without state.
 */
final class RegularFiles {
    private RegularFiles() {}

    /** Null when the name is free. */
    static BasicFileAttributes look(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /**
     * @throws NoSuchFileException when the name is free
     * @throws FileSystemException when it stands for something other than a regular file, which the message names
     */
    static void require(Path path) throws IOException {
        BasicFileAttributes found = look(path);
        if (found == null) {
            throw new NoSuchFileException(path.toString());
        }
        requireRegular(path, found);
    }

    static void requireRegular(Path path, BasicFileAttributes found) throws FileSystemException {
        if (!found.isRegularFile()) {
            throw new FileSystemException(
                    path.toString(), null, "is " + kind(found) + "; files of a store must be regular files");
        }
    }

    /** Opens a file, which must exist and be regular. */
    static FileChannel open(Path path, OpenOption access) throws IOException {
        require(path);
        return FileChannel.open(path, access, LinkOption.NOFOLLOW_LINKS);
    }

    private static String kind(BasicFileAttributes found) {
        if (found.isSymbolicLink()) {
            return "a symbolic link";
        }
        return found.isDirectory() ? "a directory" : "a FIFO, socket or device";
    }
}
