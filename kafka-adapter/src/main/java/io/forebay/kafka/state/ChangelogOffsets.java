package io.forebay.kafka.state;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The changelog offsets of a store: for each changelog partition, the offset up to which the store holds its rows.
 *
 * <p><b>Migrated offsets.</b> After Kafka has opened a store, and before it asks for the offsets of the store, it commits
 * the offsets that it finds in a checkpoint file in the directory of the task. These offsets may belong to other rows: to
 * those of a RocksDB store that an older Kafka kept here, before Forebay or in between; or, when Kafka wrote the file to
 * make a downgrade possible, to rows that were never committed. So until Kafka has asked, a commit may lower an offset
 * and may not raise it. A lower offset makes Kafka restore a little more than necessary. A higher one would claim rows
 * that the store does not have, and they would be missing for good. Only where there has been no store before, the offset
 * is taken as it is.
 */
final class ChangelogOffsets {
    private static final Logger LOG = LoggerFactory.getLogger(ChangelogOffsets.class);
    /** Kafka's mark for "it is not known up to which offset the rows go"; below all offsets. */
    private static final long UNKNOWN = -4;

    private final String storeName;
    private final Map<TopicPartition, Long> offsets = new HashMap<>();
    // Guarded by ForebayStateStore
    private boolean migrating;

    ChangelogOffsets(String storeName) {
        this.storeName = storeName;
    }

    /**
     * Starts afresh for a store that has been opened.
     *
     * @param committed the offsets that belong to the rows of the store
     * @param isFirst true when there is no sign of an earlier store here, of Forebay or of RocksDB
     */
    void opened(Map<TopicPartition, Long> committed, boolean isFirst) {
        offsets.clear();
        offsets.putAll(committed);
        migrating = !isFirst;
    }

    /**
     * Takes over offsets that Kafka commits.
     *
     * @param changes an empty map drops all offsets; a null value drops the offset of its partition. Offsets of partitions
     *     that the map does not name stay as they are
     */
    void commit(Map<TopicPartition, Long> changes) {
        if (changes.isEmpty()) {
            offsets.clear();
        } else {
            changes.forEach(this::commit);
        }
    }

    private void commit(TopicPartition partition, Long offset) {
        if (offset == null) {
            offsets.remove(partition);
        } else if (migrating && offset > offsets.getOrDefault(partition, UNKNOWN)) {
            LOG.warn(
                    "Offset {} of {} is not that of the rows of store {}, which is {}; it is ignored, and the store is restored "
                            + "from its changelog",
                    offset,
                    partition,
                    storeName,
                    offsets.get(partition));
        } else {
            offsets.put(partition, offset);
        }
    }

    /**
     * The offset that Kafka asks for; null for none. From now on the offsets that Kafka commits are those of the rows of
     * this store.
     */
    Long committed(TopicPartition partition) {
        migrating = false;
        return offsets.get(partition);
    }

    /** True when the offset of at least one partition is known. */
    boolean tellHowFarRowsGo() {
        for (long offset : offsets.values()) {
            if (offset != UNKNOWN) {
                return true;
            }
        }
        return false;
    }

    /** All offsets, for the payload of a commit. */
    Map<TopicPartition, Long> all() {
        return offsets;
    }
}
