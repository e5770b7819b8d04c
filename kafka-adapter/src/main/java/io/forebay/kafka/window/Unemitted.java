package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.config.ForebayConfig;
import org.apache.kafka.streams.processor.StateStoreContext;

/**
 * From when on the rows of a time-ordered store have not been put out yet. A store that is told to keeps them until then.
 *
 * <p>What was put out is known from the reads of the operator that does so: they follow each other without gap. Nothing is
 * known before the first one after an open, and nothing has been put out then. A store that is only restored is never read
 * in this way, as that of a standby task: it keeps rows for as long as its changelog does, which is as long as they could be
 * had from there.
 */
final class Unemitted {
    private final boolean kept;
    private final long additionalRetention;
    /** Of the stream thread. */
    private long from;

    private Unemitted(boolean kept, long additionalRetention) {
        this.kept = kept;
        this.additionalRetention = additionalRetention;
    }

    /** Rows vanish whether they were put out or not. */
    static Unemitted notKept() {
        return new Unemitted(false, 0);
    }

    static Unemitted of(Segments segments, StateStoreContext context) {
        return segments.timeOrdered()
                        && ForebayConfig.from(context.appConfigs()).keepUntilEmitted()
                ? new Unemitted(true, KafkaInternals.additionalChangelogRetention(context))
                : notKept();
    }

    /** True when the rows up to and including {@code timeTo} are being read to be put out, however old they are. */
    boolean readUpTo(long timeTo) {
        boolean read = kept && KafkaInternals.isReadToPutOut();
        if (read && timeTo >= from) {
            from = timeTo == Long.MAX_VALUE ? timeTo : timeTo + 1;
        }
        return read;
    }

    /** The lowest time that is not expired when a row is put. */
    long liveFrom(Segments segments, long streamTime) {
        long liveFrom = segments.liveFrom(streamTime);
        return kept ? Math.min(liveFrom, from) : liveFrom;
    }

    /** The lowest time that is not expired when rows are restored. */
    long liveFromInRestore(Segments segments, long streamTime) {
        return segments.liveFrom(streamTime - Math.min(additionalRetention, streamTime + 1));
    }
}
