package io.forebay.bench.system;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Sizes and removal of directories. */
public final class Files {
    private Files() {}

    public static long size(File file) {
        File[] children = file.listFiles();
        if (children == null) {
            return file.length();
        }
        long sum = 0;
        for (File child : children) {
            sum += size(child);
        }
        return sum;
    }

    /** Does nothing when there is no such directory. What others delete meanwhile is as good as deleted. */
    public static void deleteTree(Path root) throws IOException {
        if (java.nio.file.Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> children = java.nio.file.Files.newDirectoryStream(root)) {
                for (Path child : children) {
                    deleteTree(child);
                }
            } catch (NoSuchFileException e) {
                return;
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
        }
        java.nio.file.Files.deleteIfExists(root);
    }
}
