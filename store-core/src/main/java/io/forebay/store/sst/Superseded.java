package io.forebay.store.sst;

import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;

/**
 * What of a file only readers of older states need: entries that something newer in the same file hides, a value or a delete of the same key
 * or a range delete; and deletes. It is kept for snapshots, and of no use when they are closed. An entry that only a merge operand is above
 * is not among it. Immutable, thread-safe.
 *
 * <pre>
 *  key  9 put     needed
 *  key  7 put     superseded: its key and its value
 *  key  5 delete  superseded
 *  kez  8 merge   needed
 *  kez  6 put     needed: the operand is for it
 *  kez  4 put     superseded
 *  kfz  3 delete  a delete
 *
 * Superseded --&gt; entries:varint  values:varint  deletes:varint
 * </pre>
 *
 * <i>Example.</i> Of 700 bytes of keys and values 200 are of superseded entries, whose values take 3,000 bytes in value files, and there are
 * deletes with keys of 40 bytes: {@code C8 01, B8 17, 28}. A file that has nothing of all this has no such field.
 *
 * @param allBytes lengths of the keys and values of all entries, added up; a reference to a value counts with its own length
 * @param entryBytes those of superseded entries
 * @param valueBytes what the values of superseded entries take in value files
 * @param deleteBytes lengths of the keys of deletes that are not superseded
 */
public record Superseded(long allBytes, long entryBytes, long valueBytes, long deleteBytes) {
    /** Writes the content of a field, without {@code allBytes}. */
    public void write(FieldWriter out) {
        out.number(entryBytes).number(valueBytes).number(deleteBytes);
    }

    /**
     * Reads the content of a field.
     *
     * @param allBytes see above
     * @param mostValueBytes what the values of all entries take in value files
     */
    public static Superseded read(FieldReader in, long allBytes, long mostValueBytes) {
        long entryBytes = in.number("bytes of superseded entries", 0, allBytes);
        long valueBytes = in.number("bytes of superseded values", 0, mostValueBytes);
        long deleteBytes = in.number("bytes of deletes", 0, allBytes - entryBytes);
        return new Superseded(allBytes, entryBytes, valueBytes, deleteBytes);
    }

    /** The part of the entries, 0 to 1, that is superseded. */
    public double part() {
        return (double) entryBytes / Math.max(1, allBytes);
    }

    /** The same, with deletes, which are of no use where nothing is older. */
    public double partWithDeletes() {
        return (double) (entryBytes + deleteBytes) / Math.max(1, allBytes);
    }
}
