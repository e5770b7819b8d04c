package io.forebay.kafka.state;

import java.util.Optional;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.query.Position;

/**
 * The position vector of a store. A put notes the offset of its record in plain fields, and whoever asks for the vector
 * brings it up to date first: the component of the records that come one after the other is replaced far more often than it
 * is read. All under the monitor of the vector, which is the one that Kafka's query handlers take.
 */
final class WrittenPosition {
    private final Position position;
    private String topic;
    private int partition;
    private long offset;
    private boolean noted;

    WrittenPosition(Position position) {
        this.position = position;
    }

    /** The vector as it may be without what was noted; for its monitor only. */
    Position monitor() {
        return position;
    }

    /** Notes the offset of the record that is being processed, if there is one. Call under {@link #monitor()}. */
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
