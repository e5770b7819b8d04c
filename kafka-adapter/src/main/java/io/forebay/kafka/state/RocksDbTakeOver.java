package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import java.io.IOException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The move of a store from RocksDB to Forebay and back. It makes sure that neither engine starts from rows that the other
 * one has outdated: a restore from an old offset would bring back keys whose deletions the changelog has forgotten
 * meanwhile.
 *
 * <p>RocksDB knows nothing of Forebay, so the directory of RocksDB is the sign. While it exists, RocksDB's rows may be
 * newer than Forebay's, and Forebay's rows are dropped when the store opens. The directory is removed after the first
 * durable commit of rows that go up to a known offset; from then on RocksDB can only start empty. Between these two
 * moments a move back finds RocksDB's rows as RocksDB has left them.
 *
 * <pre>
 *   open, RocksDB's directory exists  --&gt; Forebay's files deleted, pending
 *   pending, first durable commit with a known offset  --&gt; RocksDB's directory removed, not pending
 * </pre>
 *
 * <p>The rows of a store without changelog exist nowhere else. For such a store nothing is deleted, and each engine goes on
 * from its own rows.
 */
final class RocksDbTakeOver {
    private static final Logger LOG = LoggerFactory.getLogger(RocksDbTakeOver.class);

    private final String storeName;
    private final RocksDbDirectory rocksDb;
    private final StateStoreContext context;
    // Guarded by ForebayStateStore
    private boolean pending;

    private RocksDbTakeOver(StateStoreContext context, String storeName, RocksDbDirectory rocksDb) {
        this.storeName = storeName;
        this.rocksDb = rocksDb;
        this.context = context;
    }

    /**
     * Looks for RocksDB's directory, and deletes Forebay's files if it exists. Called before the engine store is opened.
     *
     * @throws org.apache.kafka.streams.errors.ProcessorStateException when RocksDB's directory exists and cannot be
     *     removed, or may belong to another store of the task; Forebay's files have not been changed then
     */
    static RocksDbTakeOver begin(
            StateStoreContext context, String storeName, StoreDirectory ours, RocksDbDirectory rocksDb) {
        RocksDbTakeOver takeOver = new RocksDbTakeOver(context, storeName, rocksDb);
        rocksDb.deleteRetired();
        if (!rocksDb.isThere()) {
            return takeOver;
        }
        if (!KafkaInternals.isRebuildable(context, storeName)) {
            LOG.warn(
                    "Store {} has no changelog and is kept by RocksDB in {} and by Forebay in {}. Neither knows the other's rows; "
                            + "Forebay goes on from its own, and both directories stay",
                    storeName,
                    rocksDb,
                    ours);
            return takeOver;
        }
        rocksDb.checkRetirable(context);
        if (ours.hasFiles()) {
            LOG.warn(
                    "Store {} is kept by RocksDB in {}, which may have gone on since Forebay wrote {}: Forebay's files are "
                            + "deleted, and Kafka restores the store",
                    storeName,
                    rocksDb,
                    ours);
            ours.deleteFiles();
        } else {
            LOG.info(
                    "Store {} moves from RocksDB in {} to Forebay in {}: it starts empty, and Kafka restores it",
                    storeName,
                    rocksDb,
                    ours);
        }
        takeOver.pending = true;
        return takeOver;
    }

    /**
     * True from the open of the store until {@link #finish} has succeeded, if RocksDB's directory was found at the open.
     */
    boolean isPending() {
        return pending;
    }

    /** Removes RocksDB's directory. Called after the first durable commit with a known offset; may be called again. */
    void finish() {
        try {
            rocksDb.retire(context);
            pending = false;
            LOG.info("What RocksDB had in {} is deleted: Forebay has taken store {} over", rocksDb, storeName);
        } catch (IOException e) {
            LOG.error(
                    "RocksDB's {} cannot be taken away. While it is there, Forebay restores store {} from the beginning at each "
                            + "start, and a move back to RocksDB would go on from old rows. The next commit tries again",
                    rocksDb,
                    storeName,
                    e);
        }
    }
}
