package io.forebay.examples.report;

import java.io.File;

/** Bytes of the files below a directory that is in use: files that vanish meanwhile do not count. */
public final class DirectorySize {
    private DirectorySize() {}

    public static long of(File file) {
        File[] children = file.listFiles();
        if (children == null) {
            return file.length();
        }
        long sum = 0;
        for (File child : children) {
            sum += of(child);
        }
        return sum;
    }
}
