package io.forebay.store.version;

import io.forebay.store.FileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Describes the files in a directory that no part of its store refers to: orphans, older manifests, and files that are
 * not of a store.
 */
public final class Leftovers {
    private static final Pattern WAL = Pattern.compile("WAL-\\d{16}");

    private Leftovers() {}

    /**
     * A line for each such file, for people. While the store is in use, files may be among them that are being written
     * or deleted.
     *
     * @param manifest name of the manifest that is in force
     */
    public static List<String> describe(FileStore files, FileRegistry registry, String manifest) throws IOException {
        List<String> remarks = new ArrayList<>();
        for (String name : files.list()) {
            if (FileId.isNameOfAny(name)) {
                if (registry.isOrphan(name) && files.exists(name)) {
                    remarks.add(
                            name + " is no part of the store: it was left by a crash, or is being written or deleted");
                }
            } else if (Manifest.isName(name)) {
                if (!name.equals(manifest)) {
                    remarks.add(name + " is an older manifest, or a newer one that was cut off");
                }
            } else if (!isKnown(name)) {
                remarks.add(name + " is not a file of a store");
            }
        }
        return remarks;
    }

    /** True for the names of manifests, SSTs and value files. */
    public static boolean isOfStore(String name) {
        return FileId.isNameOfAny(name) || Manifest.isName(name);
    }

    public static boolean isManifest(String name) {
        return Manifest.isName(name);
    }

    /**
     * True for names that are not reported: a checkpoint's metadata may be beside the files that it refers to, and
     * write-ahead logs are verified elsewhere.
     */
    private static boolean isKnown(String name) {
        return name.equals("CHECKPOINT") || WAL.matcher(name).matches();
    }
}
