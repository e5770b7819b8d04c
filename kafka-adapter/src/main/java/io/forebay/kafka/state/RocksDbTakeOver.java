package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import java.io.IOException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The move of a store from RocksDB to Forebay and back, so that neither goes on from rows that the other one has
 * outdated: restoring from an old offset on brings back keys whose deletions the changelog has forgotten meanwhile.
 *
 * <p>RocksDB knows nothing of Forebay. So its directory is the sign: while it is there, it may be newer than any rows of
 * Forebay's, which are dropped when the store opens. It is taken away by the first durable commit of rows that go up to a
 * known offset; from then on RocksDB can only begin anew. Between the two moments a move back finds RocksDB's rows as
 * they were left.
 *
 * <p>Rows of a store without changelog are nowhere else. There nothing is deleted, and each engine goes on from its own.
 */
final class RocksDbTakeOver {
    private static final Logger LOG = LoggerFactory.getLogger(RocksDbTakeOver.class);

    private final String storeName;
    private final RocksDbDirectory rocksDb;
    private final StateStoreContext context;
    private boolean pending;

    private RocksDbTakeOver(StateStoreContext context, String storeName, RocksDbDirectory rocksDb) {
        this.storeName = storeName;
        this.rocksDb = rocksDb;
        this.context = context;
    }

    /**
     * Looks for RocksDB, and drops Forebay's rows if it is there; before the engine opens.
     *
     * @throws org.apache.kafka.streams.errors.ProcessorStateException when its directory is there and cannot be taken
     *     away, or may be that of another store of the task; nothing was changed then
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
                    "Store {} moves from RocksDB in {} to Forebay in {}: it begins empty, and Kafka restores it",
                    storeName,
                    rocksDb,
                    ours);
        }
        takeOver.pending = true;
        return takeOver;
    }

    /** True from the opening of the store to its first durable commit with a known offset, if RocksDB was there. */
    boolean isPending() {
        return pending;
    }

    /** Takes RocksDB's directory away; after that commit. */
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
