package io.forebay.store.version;

import io.forebay.store.KeyRange;
import java.util.Arrays;

/**
 * The range of a file as the manifest has it. Long bounds are shortened, outwards, because the manifest is sometimes
 * rewritten as a whole: with keys of 16 MiB a few dozen files would make it longer than a record may be. So that files
 * of one run stay disjoint all the same, a file starts and ends at keys that differ within this length. Only clips of
 * restored checkpoints may be longer; they are kept where files of two clips meet.
 */
public final class FileBounds {
    /** Bounds up to this length are not shortened. */
    public static final int MAX_BYTES = 1 << 10;

    private FileBounds() {}

    /** The narrowest range around {@code exact} whose bounds are no longer than {@link #MAX_BYTES}. */
    public static KeyRange shortened(KeyRange exact) {
        byte[] from = exact.from();
        byte[] to = exact.to();
        if (from.length > MAX_BYTES) {
            from = Arrays.copyOf(from, MAX_BYTES);
        }
        if (to != null && to.length > MAX_BYTES) {
            to = KeyRange.prefixEnd(Arrays.copyOf(to, MAX_BYTES));
        }
        return KeyRange.of(from, to);
    }

    /**
     * As {@link #shortened(KeyRange)}, but inside of {@code within}, whose bounds may be long: another file of the run
     * may start there, at a key whose first {@link #MAX_BYTES} bytes are those of a bound of {@code exact}, too.
     *
     * @param within a range that contains {@code exact}
     */
    public static KeyRange shortened(KeyRange exact, KeyRange within) {
        return shortened(exact).intersect(within);
    }

    /** Whether {@code range} is {@code exact}, or was made from it by {@link #shortened(KeyRange, KeyRange)}. */
    static boolean isRangeOf(KeyRange range, KeyRange exact) {
        return contains(range, exact) && isPartOf(range, exact);
    }

    /** Whether a clip may have made {@code range} from a range for which {@link #isRangeOf} is true. */
    static boolean isPartOf(KeyRange range, KeyRange exact) {
        return contains(shortened(exact), range);
    }

    private static boolean contains(KeyRange outer, KeyRange inner) {
        return outer.intersect(inner).equals(inner);
    }

    /**
     * Where a file must end so that {@code key[offset, offset + length)} may start the next file: not after that key,
     * not before {@code earliest}, and no longer than {@link #MAX_BYTES}.
     *
     * @return null when there is no such place: then both keys must be in one file
     */
    public static byte[] between(byte[] earliest, byte[] key, int offset, int length) {
        byte[] cut = Arrays.copyOfRange(key, offset, offset + Math.min(length, MAX_BYTES));
        return Arrays.compareUnsigned(earliest, cut) <= 0 ? cut : null;
    }
}
