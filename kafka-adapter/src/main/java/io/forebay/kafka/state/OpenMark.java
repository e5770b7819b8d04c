package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import java.util.Map;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable mark of a store without changelog that a task under exactly-once has open. Such a task commits its stores when it
 * is closed and hardly before, while its input goes on. So after a kill the rows may be those of days ago, and nothing brings
 * back what was written, or deleted, since: a store that is found marked begins empty, as one of RocksDB does. The mark is set
 * before anything is written, and taken away by a close that drops no row.
 */
final class OpenMark {
    private static final Logger LOG = LoggerFactory.getLogger(OpenMark.class);

    private OpenMark() {}

    /** True when the store gets the mark while it is open. */
    static boolean isNeeded(StateStoreContext context, String storeName) {
        return StreamsConfig.EXACTLY_ONCE_V2.equals(context.appConfigs().get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG))
                && !KafkaInternals.isRebuildable(context, storeName);
    }

    /**
     * Drops all rows and begins anew in one durable commit.
     *
     * @return the payload
     */
    static CommitPayload beginEmpty(
            Store store, String storeName, StoreDirectory directory, StoreLayout layout, boolean marked) {
        LOG.warn(
                "Store {} in {} has no changelog and was not closed by the last process that had it open under exactly-once. Its "
                        + "rows are older than what that process has committed, and nothing tells the difference: they are "
                        + "dropped, and the store begins empty",
                storeName,
                directory);
        store.deleteRange(new byte[0], null);
        return commit(store, new CommitPayload(layout, -1, Map.of(), Position.emptyPosition(), marked));
    }

    /** Sets the mark on the last commit, null for none; durable on return. */
    static void set(Store store, CommitPayload last, StoreLayout layout) {
        commit(
                store,
                last == null
                        ? new CommitPayload(layout, -1, Map.of(), Position.emptyPosition(), true)
                        : new CommitPayload(layout, last.streamTime(), last.offsets(), last.position(), true));
    }

    /**
     * Takes the mark away; durable when the store is closed. If it stays for a failure, the next open begins empty.
     *
     * @param committed the last payload, with all that was written
     */
    static void clear(Store store, String storeName, byte[] committed) {
        try {
            store.commit(CommitPayload.decode(committed).closed().encode());
        } catch (StoreException e) {
            LOG.warn("Store {} could not note that it was closed; it will begin empty", storeName, e);
        }
    }

    private static CommitPayload commit(Store store, CommitPayload payload) {
        store.commitDurably(payload.encode());
        return payload;
    }
}
