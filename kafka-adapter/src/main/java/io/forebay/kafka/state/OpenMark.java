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
 * The durable mark of a store that a task under exactly-once has written to. Such a task commits its stores when it
 * is closed and hardly before, while its input goes on. So after a kill the rows may be those of days ago, and without a changelog
 * nothing brings back what was written, or deleted, since: a store that is found marked begins empty then, as one of RocksDB
 * does. The mark is set before anything is written, and taken away by a close that drops no row.
 *
 * <p>Stores with a changelog have it too, which is of no matter to them, for those who switch the changelog off. When it is found
 * there, it stays until a commit tells what Kafka has brought back. Used by the thread that the task is on.
 */
final class OpenMark {
    private static final Logger LOG = LoggerFactory.getLogger(OpenMark.class);

    private final String storeName;
    private boolean needed;
    private boolean isSet;
    private boolean wasFound;

    OpenMark(String storeName) {
        this.storeName = storeName;
    }

    /**
     * A store was opened.
     *
     * @param last its last commit, null for none
     * @return that commit, or the one by which it begins empty
     */
    CommitPayload opened(
            StateStoreContext context, Store store, StoreDirectory directory, StoreLayout layout, CommitPayload last) {
        needed = StreamsConfig.EXACTLY_ONCE_V2.equals(
                        context.appConfigs().get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG))
                && !KafkaInternals.isGlobal(context);
        isSet = last != null && last.open();
        wasFound = isSet;
        if (!isSet || KafkaInternals.isRebuildable(context, storeName)) {
            return last;
        }
        LOG.warn(
                "Store {} in {} has no changelog and was not closed by the last process that had it open under exactly-once. Its "
                        + "rows are older than what that process has committed, and nothing tells the difference: they are "
                        + "dropped, and the store begins empty",
                storeName,
                directory);
        store.deleteRange(new byte[0], null);
        isSet = false;
        wasFound = false;
        return commit(store, new CommitPayload(layout, -1, Map.of(), Position.emptyPosition()));
    }

    /** Whether the store is about to be written to without the mark that it needs. */
    boolean isMissing() {
        return needed && !isSet;
    }

    /**
     * Sets the mark on the last commit; durable on return.
     *
     * @param committed the payload of that commit, empty for none; no row was written since
     */
    void set(Store store, byte[] committed, StoreLayout layout) {
        CommitPayload last = committed.length == 0
                ? new CommitPayload(layout, -1, Map.of(), Position.emptyPosition())
                : CommitPayload.decode(committed);
        commit(store, new CommitPayload(last.layout(), last.streamTime(), last.offsets(), last.position(), true));
        isSet = true;
    }

    /** Whether the next commit has the mark. */
    boolean isCommitted() {
        return needed && isSet;
    }

    /** The task has committed what it wrote. */
    void committed() {
        wasFound = false;
    }

    /**
     * Takes the mark away, as the store is closed with all that was written in its last commit; durable when it is closed. If it
     * stays for a failure, a store without changelog begins empty at its next open.
     *
     * @param committed the payload of that commit
     */
    void clear(Store store, byte[] committed) {
        if (!isCommitted() || wasFound) {
            return;
        }
        try {
            store.commit(CommitPayload.decode(committed).closed().encode());
        } catch (StoreException e) {
            LOG.warn(
                    "Store {} could not note that it was closed; without a changelog it will begin empty",
                    storeName,
                    e);
        }
    }

    private static CommitPayload commit(Store store, CommitPayload payload) {
        store.commitDurably(payload.encode());
        return payload;
    }
}
