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
    /** Names of stores whose segments lie beside what other stores have. */
    private static final Set<String> SHARED = Set.of(KEY_VALUE_PARENT, StoreDirectory.PARENT);
    /** The file without which RocksDB takes a directory for no database. */
    private static final String CURRENT = "CURRENT";

    /** Renames a directory; tests have renames that fail. */
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
     * True when RocksDB has, or may have, opened the store here since its directory was last {@link #retire}d. What lies there
     * and is not RocksDB's is warned of.
     */
    boolean isThere() {
        Found found = find();
        for (Path foreign : found.foreign()) {
            LOG.warn("{} is no segment of RocksDB's store {}; it stays where it is", foreign, storeName);
        }
        return !found.databases().isEmpty();
    }

    /** Fails, naming the directory, when this process could not, or may not, {@link #retire} it. */
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
     * Takes away what RocksDB would go on from; durable on return. One rename comes before the deletion: of half-deleted
     * segments RocksDB would take the rest for whole. Segments that lie beside others take a rename each; between these RocksDB
     * does not open the store, for the names of the others.
     */
    void retire(StateStoreContext context) throws IOException {
        deleteRetired();
        List<Path> databases = find().databases();
        if (databases.isEmpty()) {
            return;
        }
        for (Path database : databases) { // again: stores without changelog are known when all are open
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

    /**
     * What RocksDB has of the store.
     *
     * @param databases what {@link #retire} has to rename: the directory of the store, or those of segments that lie beside others
     * @param foreign what lies among the segments and is none; RocksDB itself refuses to open a store beside such names
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

    /** All segments, also those of another retention: with that one RocksDB would go on from them. */
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

    /** Names of other stores may be like those of segments, so these must have all that segments have. */
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

    /** The other store of the task whose rows may be in {@code database}; null if there is none. */
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
