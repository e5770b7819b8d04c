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
 * What stands under a name of a directory, looked at without following it. Files of a store are regular files: a symbolic link
 * would lead reads, locks and truncations out of the directory, and the open of a FIFO waits for somebody at its other end.
 * Who exchanges a name between the look and the open still cannot lead anybody through a link, because the open refuses it.
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
     * @throws FileSystemException when it stands for anything but a regular file; says for what
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

    /** Opens a file that is there, and regular. */
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
