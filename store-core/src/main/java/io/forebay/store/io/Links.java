package io.forebay.store.io;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Directories that lead elsewhere. */
public final class Links {
    private Links() {}

    /** True for a symbolic link, and for a junction of Windows, which is a directory and something else as well. */
    public static boolean isLink(File directory) throws IOException {
        BasicFileAttributes found =
                Files.readAttributes(directory.toPath(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return isLink(found);
    }

    static boolean isLink(BasicFileAttributes found) {
        return found.isSymbolicLink() || found.isOther();
    }
}
