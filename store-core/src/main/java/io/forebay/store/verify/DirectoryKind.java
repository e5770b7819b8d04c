package io.forebay.store.verify;

import io.forebay.store.FileStore;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.version.FileId;
import io.forebay.store.version.Leftovers;
import io.forebay.store.wal.WalRecovery;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a directory is, by the names of its files. Checked before anything in the directory is changed, its lock
 * included.
 */
public enum DirectoryKind {
    /**
     * The directory has no files, or only files whose names begin with a dot, which file systems and hosts leave
     * anywhere.
     */
    EMPTY,
    /** A store, or what a crash or damage has left of one. */
    STORE,
    /** What {@code Checkpoint.writeTo} makes. */
    BACKUP,
    /** A database of RocksDB. */
    ROCKSDB,
    /** Files of something else. */
    FOREIGN;

    private static final Pattern ROCKSDB_MANIFEST = Pattern.compile("MANIFEST-\\d+");
    /** So many names in a message are enough to recognise the files. */
    private static final int SHOWN_NAMES = 3;

    /** @param names names of all entries that are no directories */
    public static DirectoryKind of(Collection<String> names) {
        if (names.stream().anyMatch(Leftovers::isManifest)) {
            return STORE;
        }
        if (names.contains(CheckpointManifest.FILE_NAME)) {
            return BACKUP;
        }
        if (names.stream().anyMatch(name -> Leftovers.isOfStore(name) || WalRecovery.isLog(name))) {
            return STORE;
        }
        if (names.contains("CURRENT")
                && names.stream()
                        .anyMatch(name -> ROCKSDB_MANIFEST.matcher(name).matches())) {
            return ROCKSDB;
        }
        return foreign(names).isEmpty() ? EMPTY : FOREIGN;
    }

    /** @throws IllegalArgumentException when the directory has no store and none can be made there */
    public static void requireForOpen(FileStore files) throws IOException {
        List<String> names = files.list();
        DirectoryKind kind = of(names);
        if (kind == BACKUP) {
            throw new IllegalArgumentException(
                    files.describe() + " holds a backup that Checkpoint.writeTo made, and no store."
                            + " Environment.restore makes a store of it, there or in another directory.");
        }
        kind.requireOurs(files, names);
    }

    /**
     * @param sourceFiles names of the SSTs and value files of the sources
     * @throws IllegalStateException when there is a store with write-ahead logs
     * @throws IllegalArgumentException when the directory has files of something else, or files that the restored store
     *     would take for its own: write-ahead logs, and SSTs that belong to none of the sources, which it would delete
     */
    public static void requireForRestore(FileStore files, Set<String> sourceFiles) throws IOException {
        List<String> names = files.list();
        of(names).requireOurs(files, names);
        boolean manifest = names.stream().anyMatch(Leftovers::isManifest);
        List<String> logs = names.stream().filter(WalRecovery::isLog).toList();
        if (!logs.isEmpty() && manifest) {
            throw new IllegalStateException("There is a store in " + files.describe() + " already");
        }
        if (!logs.isEmpty()) {
            throw new IllegalArgumentException(
                    files.describe() + " holds write-ahead logs of a store whose manifest was"
                            + " lost: " + logs.get(0) + " is one of " + logs.size()
                            + ". Restore to another directory, or move them away if they are not needed.");
        }
        List<String> strangers = names.stream()
                .filter(name -> FileId.isNameOfAny(name) && !sourceFiles.contains(name))
                .toList();
        if (!strangers.isEmpty() && !manifest) {
            throw new IllegalArgumentException(files.describe() + " holds SSTs of another backup or store, which the"
                    + " restored one would delete: " + strangers.get(0) + " is one of " + strangers.size()
                    + ". Restore to another directory, or move them away if they are not needed.");
        }
    }

    private void requireOurs(FileStore files, List<String> names) {
        if (this == ROCKSDB || this == FOREIGN) {
            throw new IllegalArgumentException(describe(files.describe(), names)
                    + " Give the store a directory of its own, which is empty or does not exist"
                    + (this == ROCKSDB ? "; data of RocksDB cannot be taken over file by file." : "."));
        }
    }

    /** A sentence that says what the directory has instead of a store. */
    String describe(String place, List<String> names) {
        return switch (this) {
            case EMPTY -> "There is no store in " + place + ".";
            case ROCKSDB -> "There is no store in " + place + ", but a database of RocksDB.";
            case FOREIGN -> {
                List<String> others = foreign(names);
                yield "There is no store in " + place + ", but " + others.size()
                        + (others.size() == 1 ? " file" : " files") + " of something else: "
                        + String.join(", ", others.subList(0, Math.min(SHOWN_NAMES, others.size())))
                        + (others.size() > SHOWN_NAMES ? ", ..." : "") + ".";
            }
            case STORE, BACKUP -> throw new IllegalStateException(place + " holds a " + this);
        };
    }

    private static List<String> foreign(Collection<String> names) {
        return names.stream().filter(name -> !name.startsWith(".")).toList();
    }
}
