package io.forebay.store.key;

/** The kinds of entries. The numbers are part of the formats on disk and never change. */
public final class ValueKind {
    /**
     * Only in SSTs: as {@link #PUT}, with a reference to the value in the place of the value. A cursor shows it either as it is
     * or as a put.
     */
    public static final byte REFERENCE = 0;

    /** The value of the entry replaces all older versions of the key. */
    public static final byte PUT = 1;
    /** A point delete: the key has no value from this entry on. */
    public static final byte DELETE = 2;
    /** An operand for the merge function, to be merged with the older versions. */
    public static final byte MERGE = 3;

    private ValueKind() {}

    /** True for the kinds of entries that have what was written with them. */
    public static boolean isKnown(byte kind) {
        return kind >= PUT && kind <= MERGE;
    }
}
