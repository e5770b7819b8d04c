package io.forebay.store.values;

import io.forebay.store.CorruptionException;
import io.forebay.store.key.PointLookup;
import io.forebay.store.util.Slab;
import io.forebay.store.util.Varint;

/**
 * Where a value lies: what an SST has instead of it, as the value of an entry of kind 0. Immutable.
 *
 * <pre>
 * Reference --&gt; file:varint  offset:varint  length:varint
 * </pre>
 *
 * <i>Example.</i> 1,000 bytes at offset 300 of the first value file of the SST: {@code 00, AC 02, E8 07}.
 *
 * @param file place in the list of value files of the SST, from 0
 * @param offset of the first byte of the value in that file
 * @param length of the value in bytes, 1 or more
 */
public record ValueReference(int file, long offset, int length) {
    /** The longest encoding. */
    public static final int MAX_BYTES = PointLookup.MAX_REFERENCE_BYTES;

    /** @throws IllegalArgumentException when these cannot be the numbers of a reference */
    public ValueReference {
        if (!isValid(file, offset, length)) {
            throw new IllegalArgumentException(describe(file, offset, length));
        }
    }

    /** Writes the reference to {@code into[at]}, which has room for {@link #MAX_BYTES}. @return where it ends */
    public int write(byte[] into, int at) {
        int next = Varint.putLong(into, at, file);
        next = Varint.putLong(into, next, offset);
        return Varint.putLong(into, next, length);
    }

    /**
     * Reads the reference that {@code slab[at, at + bytes)} is.
     *
     * @param sst name of the SST, for messages
     * @param sstOffset of its block in the SST, for messages; -1 when not known
     * @throws CorruptionException when it is none
     */
    public static ValueReference read(Slab slab, int at, int bytes, String sst, long sstOffset) {
        byte[] copy = new byte[Math.min(bytes, MAX_BYTES)];
        slab.get(at, copy, 0, copy.length);
        return read(copy, bytes, sst, sstOffset);
    }

    /** As the other method. @param start at least the first {@link #MAX_BYTES} of the reference, if it has so many */
    public static ValueReference read(byte[] start, int bytes, String sst, long sstOffset) {
        long file;
        long offset;
        long length;
        int end;
        try {
            file = Varint.getLong(start, 0);
            end = Varint.size(file);
            offset = Varint.getLong(start, end);
            end += Varint.size(offset);
            length = Varint.getLong(start, end);
            end += Varint.size(length);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            CorruptionException corruption =
                    new CorruptionException(sst, sstOffset, "a reference to a value", bytes + " bytes that are none");
            corruption.initCause(e);
            throw corruption;
        }
        if (end != bytes || !isValid(file, offset, length)) {
            throw new CorruptionException(
                    sst,
                    sstOffset,
                    "a reference to a value",
                    describe(file, offset, length) + ", of " + bytes + " bytes");
        }
        return new ValueReference((int) file, offset, (int) length);
    }

    private static boolean isValid(long file, long offset, long length) {
        return file >= 0
                && file <= Integer.MAX_VALUE
                && length > 0
                && length <= ValueFileWriter.MAX_VALUE_BYTES
                && offset >= ValueFormat.FIRST_VALUE
                && offset <= ValueFormat.MAX_FILE_BYTES - length;
    }

    private static String describe(long file, long offset, long length) {
        return length + " bytes at offset " + offset + " of value file " + file;
    }
}
