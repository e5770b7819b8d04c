package io.forebay.store.sst;

import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;

/**
 * How many bytes each part of the tail of a file takes, trailers included; one for each level of the index. Immutable,
 * thread-safe.
 *
 * <pre>
 * TailSizes --&gt; filters:varint  index blocks:varint  top index:varint  range deletes:varint
 * </pre>
 *
 * <i>Example.</i> Filters of 1,000 bytes, index blocks of 200, a top index of 30, no range deletes:
 * {@code E8 07, C8 01, 1E, 00}.
 *
 * @param filterBytes of the filters of all partitions
 * @param indexBytes of the index blocks of all partitions
 * @param topIndexBytes of the top index
 * @param rangeDeleteBytes of the block of range deletes; 0 for none
 */
public record TailSizes(long filterBytes, long indexBytes, long topIndexBytes, long rangeDeleteBytes) {
    /** Writes the content of a field. */
    public void write(FieldWriter out) {
        out.number(filterBytes).number(indexBytes).number(topIndexBytes).number(rangeDeleteBytes);
    }

    /** Reads the content of a field. */
    public static TailSizes read(FieldReader in) {
        return new TailSizes(
                in.number("bytes of filters"),
                in.number("bytes of index blocks"),
                in.number("bytes of the top index"),
                in.number("bytes of range deletes"));
    }

    /**
     * Bytes from the top index to the end of a file, which a reader needs to open it.
     *
     * @param tailOffset where the tail begins
     * @return -1 when the numbers are not those of a file of this length
     */
    public long openBytes(long fileBytes, long tailOffset) {
        long left = fileBytes - tailOffset;
        boolean fits = tailOffset >= 0 && filterBytes <= left && indexBytes <= left - filterBytes;
        return fits ? left - filterBytes - indexBytes : -1;
    }
}
