package io.forebay.store.sst;

/**
 * Arrays in which a thread decrypts and decompresses blocks, kept from one block to the next. They belong to threads, because
 * there are fewer threads than files. They are arrays of bytes, so that a thread that outlives the engine keeps none of its
 * classes.
 */
final class Scratch {
    /** Larger blocks are rare, and get new arrays, which are not kept. */
    private static final int KEPT_BYTES = 65 << 10;

    private static final int LEAST_BYTES = 8 << 10;

    private static final ThreadLocal<byte[]> STORED = new ThreadLocal<>();
    private static final ThreadLocal<byte[]> CONTENT = new ThreadLocal<>();

    private Scratch() {}

    /** An array of at least {@code length} bytes for a block as it is in the file; valid until the next call. */
    static byte[] stored(int length) {
        return array(STORED, length);
    }

    /**
     * As {@link #stored}, but no other call returns the array until {@link #keepStored}. It is for a read of a file: that is
     * code of users, which may read another store on this thread.
     */
    static byte[] takeStored(int length) {
        byte[] array = array(STORED, length);
        STORED.set(null);
        return array;
    }

    /** Gives back the array of {@link #takeStored}; its content is valid until the next call. */
    static void keepStored(byte[] array) {
        if (array.length <= KEPT_BYTES) {
            STORED.set(array);
        }
    }

    /** An array of at least {@code length} bytes for the content of a block; valid until the next call. */
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
