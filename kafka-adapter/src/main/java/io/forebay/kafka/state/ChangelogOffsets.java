package io.forebay.kafka.state;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Up to where the rows of a store hold each of its changelog partitions. Guarded by the store.
 *
 * <p><b>Migrated offsets.</b> Between opening a store and asking for its offsets, Kafka commits what it finds in a checkpoint
 * file in the directory of the task. That file may tell of other rows than these: of a RocksDB store that an older Kafka
 * kept here, before Forebay or in between, or, when Kafka wrote it to make a downgrade possible, of rows that were never
 * committed. So until Kafka has asked, an offset may take back what the store claims to hold, which makes Kafka restore a
 * little more than it must, and never claim more: rows up to it would be missing for good. Only where no store has been
 * before, it is taken as it is.
 */
final class ChangelogOffsets {
    private static final Logger LOG = LoggerFactory.getLogger(ChangelogOffsets.class);
    /** Kafka's mark for rows of which it is not known how far they go; below all offsets. */
    private static final long UNKNOWN = -4;

    private final String storeName;
    private final Map<TopicPartition, Long> offsets = new HashMap<>();
    private boolean migrating;

    ChangelogOffsets(String storeName) {
        this.storeName = storeName;
    }

    /**
     * Begins anew, for a store that was opened.
     *
     * @param committed the offsets that belong to its rows
     * @param isFirst true when nothing tells that there has been a store before, this one or another
     */
    void opened(Map<TopicPartition, Long> committed, boolean isFirst) {
        offsets.clear();
        offsets.putAll(committed);
        migrating = !isFirst;
    }

    /** @param changes empty drops all offsets, a null value drops one, other partitions stay as they are */
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

    /** What Kafka asks for; what it commits from now on is how far it has brought the rows of this store. */
    Long committed(TopicPartition partition) {
        migrating = false;
        return offsets.get(partition);
    }

    /** True when it is known of some partition how far the rows go. */
    boolean tellHowFarRowsGo() {
        for (long offset : offsets.values()) {
            if (offset != UNKNOWN) {
                return true;
            }
        }
        return false;
    }

    /** All of them, to be written down. */
    Map<TopicPartition, Long> all() {
        return offsets;
    }
}
