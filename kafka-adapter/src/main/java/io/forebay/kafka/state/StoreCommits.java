package io.forebay.kafka.state;

import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;

/**
 * What a Kafka store has committed, and what its next commit says beside the rows: changelog offsets, the mark of an open
 * store, the end of a move from RocksDB.
 *
 * <pre>
 *   opened           the payload of the last commit; the rows are rewritten if they have another layout
 *   markOpen         before the first write, where the mark is needed
 *   written          there is something to commit
 *   payload, commit  the next commit
 *   closing          the mark is removed, if the last commit covers all rows
 * </pre>
 *
 * <p>It does not open or close the engine store, and does not know rows or positions. Called under the monitor of
 * {@link ForebayStateStore}, but {@link #markOpen}, {@link #isMarkMissing} and {@link #written} by the writer without it.
 */
final class StoreCommits {
    private final String storeName;
    private final StoreLayout layout;
    private final StoreFailures failures;
    private final ChangelogOffsets offsets;
    private final OpenMark openMark;

    // Guarded by ForebayStateStore
    private RocksDbTakeOver takeOver;

    // Writer only
    private boolean uncommittedWrites;
    /** The payload of the last commit. */
    private byte[] committedPayload;

    StoreCommits(String storeName, StoreLayout layout, StoreFailures failures) {
        this.storeName = storeName;
        this.layout = layout;
        this.failures = failures;
        offsets = new ChangelogOffsets(storeName);
        openMark = new OpenMark(storeName);
    }

    /** Before the engine store is opened: looks whether the store moves from RocksDB. */
    void opening(StateStoreContext context, StoreDirectory directory, RocksDbDirectory rocksDb) {
        takeOver = RocksDbTakeOver.begin(context, storeName, directory, rocksDb);
    }

    /**
     * Takes up the last commit of an engine store that has been opened.
     *
     * @param used whether the directory had been used before it was opened
     * @param keepsLists as of {@link StoreRewrite#rewrite}
     * @return what was committed last, in the layout of this store; null for nothing
     */
    CommitPayload opened(
            StateStoreContext context, Store store, StoreDirectory directory, boolean used, boolean keepsLists) {
        byte[] bytes = store.committedPayload();
        CommitPayload last = bytes.length == 0 ? null : CommitPayload.decode(bytes);
        last = openMark.opened(context, store, directory, layout, last);
        if (last != null && !last.layout().equals(layout)) {
            last = StoreRewrite.rewrite(store, storeName, directory.file(), last, layout, keepsLists);
        }
        uncommittedWrites = false;
        offsets.opened(last == null ? Map.of() : last.offsets(), bytes.length == 0 && !used);
        committedPayload = store.committedPayload();
        return last;
    }

    /** True when {@link #markOpen} has to come before the next write. */
    boolean isMarkMissing() {
        return openMark.isMissing();
    }

    /** Marks the store as open; durable on return. */
    void markOpen(Store store) {
        openMark.set(store, committedPayload, layout);
        committedPayload = store.committedPayload();
    }

    /** Notes that rows are about to be written. */
    void written() {
        uncommittedWrites = true;
    }

    /** Takes over offsets that Kafka commits, see {@link ForebayStateStore#commit}. */
    void offsets(Map<TopicPartition, Long> changelogOffsets) {
        offsets.commit(changelogOffsets);
    }

    /** The committed offset of a changelog partition, or null. */
    Long offset(TopicPartition partition) {
        return offsets.committed(partition);
    }

    /** The payload of the next commit. */
    byte[] payload(long streamTime, Position position) {
        return new CommitPayload(layout, streamTime, offsets.all(), position, openMark.isCommitted()).encode();
    }

    /** Commits the rows written so far, unless the last commit has said the same. */
    void commit(Store store, byte[] payload) {
        boolean takesOver = takeOver.isPending() && offsets.tellHowFarRowsGo();
        if (!takesOver && !uncommittedWrites && Arrays.equals(payload, committedPayload)) {
            openMark.committed(false);
            return;
        }
        try {
            if (takesOver) {
                store.commitDurably(payload);
            } else {
                store.commit(payload);
            }
        } catch (StoreException e) {
            failures.commitFailed(e);
            return;
        }
        failures.committed();
        openMark.committed(uncommittedWrites);
        committedPayload = payload;
        uncommittedWrites = false;
        if (takesOver) {
            takeOver.finish();
        }
    }

    /** Before the engine store is closed. */
    void closing(Store store) {
        if (!uncommittedWrites && !failures.isDamaged()) {
            openMark.clear(store, committedPayload);
        }
    }
}
