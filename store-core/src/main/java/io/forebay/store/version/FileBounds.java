package io.forebay.store.version;

import io.forebay.store.KeyRange;
import java.util.Arrays;

/**
 * The range of a file as the manifest has it. Long bounds are shortened, outwards, because the manifest is written as a
 * whole now and then: with keys of 16 MiB a few dozen files would make it larger than a record may be. That files of one
 * run stay apart all the same, they begin and end at keys that are told from each other within this length. Only clips of
 * restored checkpoints may be longer; they are kept where files of two clips meet.
 */
public final class FileBounds {
    /** Bounds up to this length are what they are. */
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
     * The same, but inside of {@code within}, whose bounds may be long: other files of the run may begin there, at a key of
     * which the first {@link #MAX_BYTES} are those of {@code exact} too.
     *
     * @param within holds {@code exact}
     */
    public static KeyRange shortened(KeyRange exact, KeyRange within) {
        return shortened(exact).intersect(within);
    }

    /** Whether {@code range} is {@code exact}, or was made of it by {@link #shortened(KeyRange, KeyRange)}. */
    static boolean isRangeOf(KeyRange range, KeyRange exact) {
        return holds(range, exact) && isPartOf(range, exact);
    }

    /** Whether a clip may have made {@code range} of one for which {@link #isRangeOf} holds. */
    static boolean isPartOf(KeyRange range, KeyRange exact) {
        return holds(shortened(exact), range);
    }

    private static boolean holds(KeyRange outer, KeyRange inner) {
        return outer.intersect(inner).equals(inner);
    }

    /**
     * Where a file must end so that {@code key[offset, offset + length)} may begin the next one: not behind that key, not before
     * {@code earliest}, and no longer than {@link #MAX_BYTES}.
     *
     * @return null when there is no such place: both belong into one file
     */
    public static byte[] between(byte[] earliest, byte[] key, int offset, int length) {
        byte[] cut = Arrays.copyOfRange(key, offset, offset + Math.min(length, MAX_BYTES));
        return Arrays.compareUnsigned(earliest, cut) <= 0 ? cut : null;
    }
}
