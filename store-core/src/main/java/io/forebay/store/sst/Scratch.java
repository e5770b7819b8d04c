package io.forebay.store.sst;

/**
 * Arrays in which a thread decrypts blocks, kept from one to the next. They belong to threads because these are few, while
 * files are many; and they hold nothing but bytes, so that a thread that outlives the engine keeps none of its classes.
 */
final class Scratch {
    /** Larger blocks are rare, and get arrays of their own. */
    private static final int KEPT_BYTES = 65 << 10;

    private static final int LEAST_BYTES = 8 << 10;

    private static final ThreadLocal<byte[]> STORED = new ThreadLocal<>();
    private static final ThreadLocal<byte[]> CONTENT = new ThreadLocal<>();

    private Scratch() {}

    /** For the bytes of a block as they are in the file; at least {@code length} of them, valid until the next call. */
    static byte[] stored(int length) {
        return array(STORED, length);
    }

    /**
     * As {@link #stored}, of an array that nobody else gets until {@link #keepStored}: for a read of a file, which is code of
     * users, who may read another store on this thread.
     */
    static byte[] takeStored(int length) {
        byte[] array = array(STORED, length);
        STORED.set(null);
        return array;
    }

    /** Gives back what {@link #takeStored} gave out; the content stays valid until the next call. */
    static void keepStored(byte[] array) {
        if (array.length <= KEPT_BYTES) {
            STORED.set(array);
        }
    }

    /** For the content of a block; at least {@code length} bytes, valid until the next call. */
    static byte[] content(int length) {
        return array(CONTENT, length);
    }

    private static byte[] array(ThreadLocal<byte[]> kept, int length) {
        if (length > KEPT_BYTES) {
            return new byte[length];
        }
        byte[] array = kept.get();
        if (array == null || array.length < length) {
            array = new byte[Math.max(LEAST_BYTES, length)];
            kept.set(array);
        }
        return array;
    }
}
