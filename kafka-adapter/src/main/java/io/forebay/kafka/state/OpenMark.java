package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable mark of a store that a task under exactly-once has written to. Such a task commits its stores when it is
 * closed, and hardly ever before, while the offsets of its input are committed all the time. So after a kill the rows may
 * be days old. Without a changelog nothing brings back what the task has written or deleted since. A store without
 * changelog that is found marked therefore starts empty, as a store of RocksDB does.
 *
 * <p>The mark is set before anything is written. A close that drops no row removes it.
 *
 * <p>Stores with a changelog are marked too: the mark matters when a user switches the changelog off later. If such a
 * store is found marked, the mark stays until a commit covers what Kafka has restored: a commit of rows, or any commit after
 * the restore of the task has ended. Before that Kafka commits as well: every commit interval, and when it opens the stores
 * of all directories that it finds as it starts. Used by one thread at a time, the writer.
 */
final class OpenMark {
    private static final Logger LOG = LoggerFactory.getLogger(OpenMark.class);

    private final String storeName;
    private boolean needed;
    private boolean isSet;
    private boolean wasFound;
    private BooleanSupplier restoreEnded = () -> false;

    OpenMark(String storeName) {
        this.storeName = storeName;
    }

    /**
     * Takes up the mark of a store that has been opened. If the mark says so, empties the store and commits that; durable
     * on return.
     *
     * @param last the last commit of the store, null for none
     * @return that commit, or the commit by which the store starts empty
     */
    CommitPayload opened(
            StateStoreContext context, Store store, StoreDirectory directory, StoreLayout layout, CommitPayload last) {
        needed = StreamsConfig.EXACTLY_ONCE_V2.equals(
                        context.appConfigs().get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG))
                && !KafkaInternals.isGlobal(context);
        restoreEnded = KafkaInternals.restoreEnd(context);
        isSet = last != null && last.open();
        wasFound = isSet;
        if (!isSet || KafkaInternals.isRebuildable(context, storeName)) {
            return last;
        }
        LOG.warn(
                "Store {} in {} has no changelog and was not closed by the last process that had it open under exactly-once. Its "
                        + "rows are older than what that process has committed, and nothing tells the difference: they are "
                        + "dropped, and the store starts empty",
                storeName,
                directory);
        store.deleteRange(new byte[0], null);
        isSet = false;
        wasFound = false;
        return commit(store, new CommitPayload(layout, -1, Map.of(), Position.emptyPosition()));
    }

    /** True when the store needs the mark and does not have it: {@link #set} comes before the next write. */
    boolean isMissing() {
        return needed && !isSet;
    }

    /**
     * Sets the mark on the last commit; durable on return.
     *
     * @param committed the payload of that commit, empty for none; no row has been written since
     */
    void set(Store store, byte[] committed, StoreLayout layout) {
        CommitPayload last = committed.length == 0
                ? new CommitPayload(layout, -1, Map.of(), Position.emptyPosition())
                : CommitPayload.decode(committed);
        commit(store, new CommitPayload(last.layout(), last.streamTime(), last.offsets(), last.position(), true));
        isSet = true;
    }

    /** True when the next commit contains the mark. */
    boolean isCommitted() {
        return needed && isSet;
    }

    /**
     * The task has committed.
     *
     * @param rows whether anything was written since the commit before
     */
    void committed(boolean rows) {
        if (rows || restoreEnded.getAsBoolean()) {
            wasFound = false;
        }
    }

    /**
     * Removes the mark when the store is being closed and its last commit covers all that was written. The removal is
     * durable when the engine store is closed. If it fails, a store without changelog starts empty at its next open.
     *
     * @param committed the payload of the last commit
     */
    void clear(Store store, byte[] committed) {
        if (!isCommitted() || wasFound) {
            return;
        }
        try {
            store.commit(CommitPayload.decode(committed).closed().encode());
        } catch (StoreException e) {
            LOG.warn(
                    "Store {} could not note that it was closed; without a changelog it will start empty",
                    storeName,
                    e);
        }
    }

    private static CommitPayload commit(Store store, CommitPayload payload) {
        store.commitDurably(payload.encode());
        return payload;
    }
}
