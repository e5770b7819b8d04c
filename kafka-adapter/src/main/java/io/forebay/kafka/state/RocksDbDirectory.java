package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What RocksDB, the store that Kafka Streams brings along, has of one store in the state directory of a task. A key-value
 * store is one database in {@code rocksdb/<name>}. A window or session store has one database for each segment of time,
 * in {@code <name>/<name>.<start>}. Each database holds the changelog offset up to which its rows go. This class looks at
 * names of files only, and needs no class of RocksDB. Immutable; called under the monitor of the store.
 */
final class RocksDbDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(RocksDbDirectory.class);
    private static final String KEY_VALUE_PARENT = "rocksdb";
    /**
     * Where databases wait for their deletion, in a directory for each store. It lies beside the directories of the
     * engines, not inside one of them, because a store without changelog may have any name.
     */
    private static final String RETIRED_PARENT = ".forebay~retired";
    /** Names of stores whose segments lie in a directory that other stores use too. */
    private static final Set<String> SHARED = Set.of(KEY_VALUE_PARENT, StoreDirectory.PARENT);
    /** Without a file of this name a directory is no database for RocksDB. */
    private static final String CURRENT = "CURRENT";

    /** Renames a directory. Tests have renames that fail. */
    interface Rename {
        void rename(Path from, Path to) throws IOException;
    }

    private final Path stateDir;
    private final String storeName;
    private final StoreKind kind;
    private final long segmentInterval;
    private final Rename rename;
    private final Path retired;

    RocksDbDirectory(File stateDir, String storeName, StoreLayout layout) {
        this(stateDir, storeName, layout, (from, to) -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE));
    }

    RocksDbDirectory(File stateDir, String storeName, StoreLayout layout, Rename rename) {
        this.stateDir = stateDir.toPath();
        this.storeName = storeName;
        this.kind = layout.kind();
        this.segmentInterval = layout.segmentInterval();
        this.rename = rename;
        this.retired = this.stateDir.resolve(RETIRED_PARENT).resolve(storeName);
    }

    /**
     * True when RocksDB has, or may have, opened the store here since its directory was last {@link #retire}d. Logs a
     * warning for each file that lies there and is not RocksDB's.
     */
    boolean isThere() {
        Found found = find();
        for (Path foreign : found.foreign()) {
            LOG.warn("{} is no segment of RocksDB's store {}; it stays where it is", foreign, storeName);
        }
        return !found.databases().isEmpty();
    }

    /**
     * Checks that this process can {@link #retire} the directory.
     *
     * @throws ProcessorStateException that names the directory, when this process has no right to, or when the directory
     *     may belong to another store of the task
     */
    void checkRetirable(StateStoreContext context) {
        for (Path database : find().databases()) {
            String other = otherStoreOf(database, context);
            if (other != null) {
                throw new ProcessorStateException(ambiguous(database, other));
            }
            if (!Files.isWritable(database) || !Files.isWritable(database.getParent())) {
                throw new ProcessorStateException("Store " + storeName + " was kept by RocksDB in " + database
                        + ", which this process may not remove. It must be removed when Forebay takes the store over, or a "
                        + "later move back to RocksDB would go on from its old rows. Make it writable, or stop the "
                        + "application and delete it");
            }
        }
    }

    /**
     * Removes what RocksDB would start from; durable on return. A rename comes before the deletion, because RocksDB would
     * take the rest of half-deleted segments for all of them. Segments in a directory that other stores use are renamed
     * one by one; between two of these renames RocksDB does not open the store, because it refuses the names of the other
     * stores.
     */
    void retire(StateStoreContext context) throws IOException {
        deleteRetired();
        List<Path> databases = find().databases();
        if (databases.isEmpty()) {
            return;
        }
        for (Path database : databases) { // checked again: a store without changelog is known only after its init
            String other = otherStoreOf(database, context);
            if (other != null) {
                throw new IOException(ambiguous(database, other));
            }
        }
        Files.createDirectories(retired);
        for (Path database : databases) {
            rename.rename(database, retired.resolve(database.getFileName()));
        }
        Utils.flushDir(retired);
        Utils.flushDir(databases.get(0).getParent());
        deleteRetired();
    }

    /**
     * Deletes what {@link #retire} has renamed, which is not used any more. A failure is logged; a later call tries
     * again.
     */
    void deleteRetired() {
        try {
            if (Files.exists(retired)) {
                Utils.delete(retired.toFile());
                deleteIfEmpty(retired.getParent());
            }
        } catch (IOException e) {
            LOG.warn("Cannot delete {}, what RocksDB had of store {}; it is not used any more", retired, storeName, e);
        }
    }

    private static void deleteIfEmpty(Path directory) throws IOException {
        String[] names = directory.toFile().list();
        if (names != null && names.length == 0) {
            Files.delete(directory);
        }
    }

    /**
     * What RocksDB has of the store.
     *
     * @param databases what {@link #retire} has to rename: the directory of the store, or, where other files lie beside the
     *     segments, the directory of each segment
     * @param foreign files that lie among the segments and are none; RocksDB itself refuses to open a store beside such
     *     names
     */
    private record Found(List<Path> databases, List<Path> foreign) {}

    private Found find() {
        if (kind == StoreKind.KEY_VALUE) {
            Path database = stateDir.resolve(KEY_VALUE_PARENT).resolve(storeName);
            return new Found(Files.isDirectory(database) ? List.of(database) : List.of(), List.of());
        }
        Path parent = stateDir.resolve(storeName);
        if (!Files.isDirectory(parent)) {
            return new Found(List.of(), List.of());
        }
        return SHARED.contains(storeName) ? findAmongOtherStores(parent) : findAlone(parent);
    }

    /** Finds all segments, those of another retention too: with that retention RocksDB would start from them. */
    private Found findAlone(Path parent) {
        SegmentNames names = new SegmentNames(storeName);
        List<Path> segments = new ArrayList<>();
        List<Path> foreign = new ArrayList<>();
        for (Path child : children(parent)) {
            boolean segment = names.isSegment(child.getFileName().toString()) && Files.isDirectory(child);
            (segment ? segments : foreign).add(child);
        }
        return new Found(foreign.isEmpty() ? List.of(parent) : segments, foreign);
    }

    /**
     * Finds the segments among directories of other stores. The name of another store may look like that of a segment, so a
     * segment must also have the right interval and the file of a database.
     */
    private Found findAmongOtherStores(Path parent) {
        SegmentNames names = new SegmentNames(storeName);
        List<Path> segments = new ArrayList<>();
        for (Path child : children(parent)) {
            if (names.isSegment(child.getFileName().toString(), segmentInterval)
                    && Files.exists(child.resolve(CURRENT))) {
                segments.add(child);
            }
        }
        return new Found(segments, List.of());
    }

    private static List<Path> children(Path directory) {
        String[] names = directory.toFile().list();
        return names == null
                ? List.of()
                : Arrays.stream(names).sorted().map(directory::resolve).toList();
    }

    /** The name of the other store of the task whose rows may be in {@code database}; null if there is none. */
    private String otherStoreOf(Path database, StateStoreContext context) {
        if (kind == StoreKind.KEY_VALUE) {
            return new SegmentNames(KEY_VALUE_PARENT).isSegment(storeName)
                            && KafkaInternals.isSegmentedStoreOfTask(context, KEY_VALUE_PARENT)
                    ? KEY_VALUE_PARENT
                    : null;
        }
        String name = database.getFileName().toString();
        return SHARED.contains(storeName) && KafkaInternals.isStoreOfTask(context, name) ? name : null;
    }

    private String ambiguous(Path database, String other) {
        return "Store " + storeName + " may have been kept by RocksDB in " + database + ", and so may store " + other
                + " of the same task: one has the name of a segment of the other, whose segments lie in "
                + database.getParent() + ". Forebay takes nothing away there. Give one of the two stores another name";
    }

    @Override
    public String toString() {
        return (kind == StoreKind.KEY_VALUE ? stateDir.resolve(KEY_VALUE_PARENT) : stateDir)
                .resolve(storeName)
                .toString();
    }
}
