package io.forebay.store.tools;

import io.forebay.store.io.Links;
import io.forebay.store.verify.DirectoryKind;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The stores in a directory and below it, in the order of names. Symbolic links are not followed. Used by one thread. */
final class Neighbours {
    /** Stores, and backups of stores. */
    final List<File> stores = new ArrayList<>();
    /** Databases of RocksDB. */
    final List<File> rocksDbs = new ArrayList<>();
    /** Directories that could not be read. */
    final List<File> unreadable = new ArrayList<>();

    static Neighbours below(File directory) {
        Neighbours found = new Neighbours();
        found.walk(directory);
        return found;
    }

    private void walk(File directory) {
        File[] content = directory.listFiles();
        if (content == null) {
            unreadable.add(directory);
            return;
        }
        Arrays.sort(content);
        List<String> names = new ArrayList<>();
        List<File> directories = new ArrayList<>();
        for (File file : content) {
            if (!file.isDirectory()) {
                names.add(file.getName());
            } else if (!isLink(file)) {
                directories.add(file);
            }
        }
        switch (DirectoryKind.of(names)) {
            case STORE, BACKUP -> stores.add(directory);
            case ROCKSDB -> rocksDbs.add(directory);
            case EMPTY, FOREIGN -> {
                // not listed
            }
        }
        directories.forEach(this::walk);
    }

    /** A link may lead to a directory above, and the walk would never end. */
    private static boolean isLink(File file) {
        try {
            return Links.isLink(file);
        } catch (IOException e) {
            return false; // the walk will find that it cannot be read
        }
    }
}
