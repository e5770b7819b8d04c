package io.forebay.store.key;

/** The kinds of entries. The numbers are part of the formats on disk and never change. */
public final class ValueKind {
    /** The value of the entry replaces all older versions of the key. */
    public static final byte PUT = 1;
    /** A point delete: the key has no value from this entry on. */
    public static final byte DELETE = 2;
    /** An operand for the merge function, to be merged with the older versions. */
    public static final byte MERGE = 3;

    private ValueKind() {}

    public static boolean isKnown(byte kind) {
        return kind >= PUT && kind <= MERGE;
    }
}
