package io.forebay.kafka.state;

import java.util.Optional;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.query.Position;

/**
 * The position vector of a store. A put only notes the offset of its record in plain fields; a read of the vector brings
 * the vector up to date first. This is cheaper, because records of one partition follow each other, and their component
 * is replaced far more often than it is read. All of this happens under the monitor of the vector, which Kafka's query
 * handlers take too. Thread-safe.
 */
final class WrittenPosition {
    private final Position position;

    // Guarded by position
    private String topic;
    private int partition;
    private long offset;
    private boolean noted;

    WrittenPosition(Position position) {
        this.position = position;
    }

    /** The vector, which may lack what was noted last. For its monitor, and to merge other vectors into it. */
    Position monitor() {
        return position;
    }

    /** Notes the offset of the record that is being processed, if there is a record. Call under {@link #monitor()}. */
    void note(StateStoreContext context) {
        Optional<RecordMetadata> metadata = context.recordMetadata();
        if (metadata.isEmpty()) {
            return;
        }
        RecordMetadata current = metadata.get();
        String itsTopic = current.topic();
        if (itsTopic == null) {
            return;
        }
        int itsPartition = current.partition();
        long itsOffset = current.offset();
        if (noted && (itsPartition != partition || itsOffset < offset || !itsTopic.equals(topic))) {
            apply();
        }
        topic = itsTopic;
        partition = itsPartition;
        offset = itsOffset;
        noted = true;
    }

    /** The vector with everything noted so far. */
    Position upToDate() {
        synchronized (position) {
            apply();
            return position;
        }
    }

    private void apply() {
        if (noted) {
            position.withComponent(topic, partition, offset);
            noted = false;
        }
    }
}
