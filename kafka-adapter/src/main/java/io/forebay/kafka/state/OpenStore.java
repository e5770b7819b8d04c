package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import java.io.File;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine store of a Kafka store that is open, and its lease of the environment. Immutable.
 *
 * @param damaged true when a file was found damaged; the task may not know of it yet
 */
record OpenStore(SharedEnvironment lease, Store store, boolean damaged) {
    private static final Logger LOG = LoggerFactory.getLogger(OpenStore.class);

    OpenStore asDamaged() {
        return new OpenStore(lease, store, true);
    }

    /**
     * Opens the engine store. When its files are damaged and Kafka can restore the store, deletes them; then a global
     * store is opened empty, and for any other store the method throws that the task is corrupted.
     *
     * @param files makes the file store of a directory
     */
    static Store openEngine(
            String name,
            StateStoreContext context,
            SharedEnvironment lease,
            StoreDirectory directory,
            Function<File, FileStore> files,
            ForebayConfig config) {
        StoreOptions options = StoreOptions.builder()
                .name(context.taskId() + "/" + name)
                .memtableBytes(config.memtableBytes())
                .valueFileThreshold(config.valueFileThresholdBytes())
                .commitInterval(config.commitInterval())
                .build();
        try {
            return lease.environment().open(files.apply(directory.file()), options);
        } catch (CorruptionException e) {
            if (!KafkaInternals.isRebuildable(context, name)) {
                throw e;
            }
            LOG.error(
                    "Files of store {} in {} are damaged; they are deleted, Kafka restores the store",
                    name,
                    directory,
                    e);
            directory.deleteFiles();
            if (KafkaInternals.isGlobal(context)) {
                return lease.environment().open(files.apply(directory.file()), options);
            }
            throw new TaskCorruptedException(
                    Set.of(context.taskId()),
                    new ProcessorStateException("Files of store " + name + " in " + directory + " are damaged", e));
        }
    }

    /** Closes what a failed open has opened so far. A null {@code store} was not opened. */
    static void abandon(SharedEnvironment lease, Store store, String name) {
        try (lease) {
            if (store != null) {
                store.close();
            }
        } catch (StoreException e) {
            LOG.warn("Error closing store {}, which could not be opened", name, e);
        }
    }
}
