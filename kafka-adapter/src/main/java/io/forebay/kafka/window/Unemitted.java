package io.forebay.kafka.window;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.config.ForebayConfig;
import org.apache.kafka.streams.processor.StateStoreContext;

/**
 * The time from which on the rows of a time-ordered store have not been emitted yet. A store that is configured so keeps
 * them until they have been emitted.
 *
 * <p>What has been emitted is known from the reads of the operator that emits: its reads follow each other without a gap.
 * Before the first such read after an open nothing is known, and all rows count as not emitted. A store that is only
 * restored, as that of a standby task, is never read in this way. It keeps rows for as long as its changelog does,
 * because after that they could not be restored from the changelog either.
 */
final class Unemitted {
    private final boolean kept;
    private final long additionalRetention;

    // Writer only
    private long from;

    private Unemitted(boolean kept, long additionalRetention) {
        this.kept = kept;
        this.additionalRetention = additionalRetention;
    }

    /** For a store whose rows vanish whether they have been emitted or not. */
    static Unemitted notKept() {
        return new Unemitted(false, 0);
    }

    static Unemitted of(Segments segments, StateStoreContext context) {
        return segments.timeOrdered()
                        && ForebayConfig.from(context.appConfigs()).keepUntilEmitted()
                ? new Unemitted(true, KafkaInternals.additionalChangelogRetention(context))
                : notKept();
    }

    /**
     * Notes a read of the rows up to and including {@code timeTo}. Returns true when an operator reads them to emit them:
     * then they are to be shown, however old they are. Any thread.
     */
    boolean readUpTo(long timeTo) {
        boolean read = kept && KafkaInternals.isReadToEmit();
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
