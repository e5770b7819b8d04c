package io.forebay.store.sst;

import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;

/**
 * The least and the greatest event time of the entries of a file, where the host gave one. Immutable, thread-safe.
 *
 * <pre>
 * EventTimes --&gt; least:8  greatest:8                    two's complement, in the unit of the host
 * </pre>
 *
 * <i>Example.</i> From -1 to 1,000: {@code FFFFFFFFFFFFFFFF, 00000000000003E8}.
 *
 * @param least of all entries
 * @param greatest not less than {@code least}
 */
public record EventTimes(long least, long greatest) {
    /** @throws IllegalArgumentException when {@code least} is greater than {@code greatest} */
    public EventTimes {
        if (least > greatest) {
            throw new IllegalArgumentException("Event times from " + least + " to " + greatest);
        }
    }

    /** Writes the content of a field. */
    public void write(FieldWriter out) {
        out.fixed(least).fixed(greatest);
    }

    /** Reads the content of a field. */
    public static EventTimes read(FieldReader in) {
        long least = in.fixed();
        long greatest = in.fixed();
        if (least > greatest) {
            throw in.corrupt("event times in order", "from " + least + " to " + greatest);
        }
        return new EventTimes(least, greatest);
    }
}
