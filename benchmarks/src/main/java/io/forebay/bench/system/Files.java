package io.forebay.bench.system;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

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

    /** Does nothing when there is no such directory. */
    public static void deleteTree(Path root) throws IOException {
        if (!java.nio.file.Files.exists(root)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> walk = java.nio.file.Files.walk(root)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            java.nio.file.Files.deleteIfExists(path);
        }
    }
}
