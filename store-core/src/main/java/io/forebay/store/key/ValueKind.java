package io.forebay.store.key;

/** What an entry says about its key. The numbers are on disk and never change. */
public final class ValueKind {
    /** The value replaces all older ones. */
    public static final byte PUT = 1;
    /** The key has no value from here on. */
    public static final byte DELETE = 2;
    /** An operand for the merge function, on top of what is older. */
    public static final byte MERGE = 3;

    private ValueKind() {}

    public static boolean isKnown(byte kind) {
        return kind >= PUT && kind <= MERGE;
    }
}
