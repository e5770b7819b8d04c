package io.forebay.kafka.state;

import io.forebay.kafka.offsets.StoreKind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What RocksDB, the store that Kafka Streams has by itself, has of one store in the state directory of a task. A key-value
 * store is one database in {@code rocksdb/<name>}; a window or session store is one for each segment of time, {@code
 * <name>/<name>.<start>}. Each database holds the changelog offset up to which its rows go. No class of RocksDB is needed
 * here.
 */
final class RocksDbDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(RocksDbDirectory.class);
    private static final String KEY_VALUE_PARENT = "rocksdb";
    /**
     * Where databases wait for their deletion, in a directory for each store. Beside the directories of the engines, because
     * stores without changelog may have any name.
     */
    private static final String RETIRED_PARENT = ".forebay~retired";
    /** The start of a segment behind {@code .}, and {@code :} in older releases: milliseconds. */
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    /** The start of a segment behind {@code -}, in releases of long ago: year, month, day, hour, minute. */
    private static final Pattern OLD_START = Pattern.compile("[0-9]{12}");
    /** The file without which RocksDB takes a directory for no database. */
    private static final String CURRENT = "CURRENT";

    /** Renames a directory; tests have renames that fail. */
    interface Rename {
        void rename(Path from, Path to) throws IOException;
    }

    private final Path stateDir;
    private final String storeName;
    private final StoreKind kind;
    private final Rename rename;
    private final Path retired;

    RocksDbDirectory(File stateDir, String storeName, StoreKind kind) {
        this(stateDir, storeName, kind, (from, to) -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE));
    }

    RocksDbDirectory(File stateDir, String storeName, StoreKind kind, Rename rename) {
        this.stateDir = stateDir.toPath();
        this.storeName = storeName;
        this.kind = kind;
        this.rename = rename;
        this.retired = this.stateDir.resolve(RETIRED_PARENT).resolve(storeName);
    }

    /** True when RocksDB has, or may have, opened the store here since its directory was last {@link #retire}d. */
    boolean isThere() {
        return !databases().isEmpty();
    }

    /** Fails, naming the directory, when this process could not {@link #retire} it. */
    void checkRetirable() {
        for (Path database : databases()) {
            if (!Files.isWritable(database) || !Files.isWritable(database.getParent())) {
                throw new ProcessorStateException("Store " + storeName + " was kept by RocksDB in " + database
                        + ", which this process may not remove. It must be removed when Forebay takes the store over, or a "
                        + "later move back to RocksDB would go on from its old rows. Make it writable, or stop the "
                        + "application and delete it");
            }
        }
    }

    /**
     * Takes away what RocksDB would go on from; durable on return. One rename comes before the deletion: of half-deleted
     * segments RocksDB would take the rest for whole.
     */
    void retire() throws IOException {
        deleteRetired();
        List<Path> databases = databases();
        if (databases.isEmpty()) {
            return;
        }
        Files.createDirectories(retired);
        for (Path database : databases) {
            rename.rename(database, retired.resolve(database.getFileName()));
        }
        Utils.flushDir(retired);
        Utils.flushDir(databases.get(0).getParent());
        deleteRetired();
    }

    /** Deletes what a {@link #retire} left, which nobody uses; it may be tried again. */
    void deleteRetired() {
        try {
            if (Files.exists(retired)) {
                Utils.delete(retired.toFile());
                deleteIfEmpty(retired.getParent());
            }
        } catch (IOException e) {
            LOG.warn("Cannot delete {}, what RocksDB had of store {}; nobody uses it", retired, storeName, e);
        }
    }

    private static void deleteIfEmpty(Path directory) throws IOException {
        String[] names = directory.toFile().list();
        if (names != null && names.length == 0) {
            Files.delete(directory);
        }
    }

    /** What {@link #retire} has to rename: the directory of the store, or databases in a directory that others share. */
    private List<Path> databases() {
        if (kind == StoreKind.KEY_VALUE) {
            Path database = stateDir.resolve(KEY_VALUE_PARENT).resolve(storeName);
            return Files.isDirectory(database) ? List.of(database) : List.of();
        }
        Path parent = stateDir.resolve(storeName);
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        boolean shared = Set.of(KEY_VALUE_PARENT, StoreDirectory.PARENT).contains(storeName);
        List<Path> segments = new ArrayList<>();
        String[] names = parent.toFile().list();
        for (String name : names == null ? new String[0] : names) {
            Path child = parent.resolve(name);
            if (isSegmentName(name) && (!shared || Files.exists(child.resolve(CURRENT)))) {
                segments.add(child);
            } else if (!shared) {
                LOG.warn("{} is no segment of RocksDB's; what is in {} is left alone", child, parent);
                return List.of();
            }
        }
        return shared ? segments : List.of(parent);
    }

    /** As RocksDB's store reads names of segments: other names in a shared directory are those of other stores. */
    private boolean isSegmentName(String name) {
        if (name.length() <= storeName.length() || !name.startsWith(storeName)) {
            return false;
        }
        String start = name.substring(storeName.length() + 1);
        switch (name.charAt(storeName.length())) {
            case '.':
            case ':':
                return isTime(start);
            case '-':
                return OLD_START.matcher(start).matches();
            default:
                return false;
        }
    }

    private static boolean isTime(String digits) {
        if (!DIGITS.matcher(digits).matches()) {
            return false;
        }
        try {
            return Long.parseLong(digits) >= 0;
        } catch (NumberFormatException e) {
            return false; // too long for a time
        }
    }

    @Override
    public String toString() {
        return (kind == StoreKind.KEY_VALUE ? stateDir.resolve(KEY_VALUE_PARENT) : stateDir)
                .resolve(storeName)
                .toString();
    }
}
