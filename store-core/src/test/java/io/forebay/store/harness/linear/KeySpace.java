package io.forebay.store.harness.linear;

/** The keys of a history: numbers from 0 on, whose bytes sort as they do. Every third one has long values. */
final class KeySpace {
    static final int KEYS = 72;
    private static final byte[][] BYTES = new byte[KEYS + 1][];
    private static final int[][] ALONE = new int[KEYS][];

    static {
        for (int key = 0; key <= KEYS; key++) {
            BYTES[key] = new byte[] {'k', (byte) key};
            if (key < KEYS) {
                ALONE[key] = new int[] {key};
            }
        }
    }

    private KeySpace() {}

    /** Also of {@link #KEYS}, the end of ranges. Not to be changed. */
    static byte[] bytes(int key) {
        return BYTES[key];
    }

    /** An array with this key only. Not to be changed. */
    static int[] alone(int key) {
        return ALONE[key];
    }

    static boolean isLong(int key) {
        return key % 3 == 2;
    }

    /** The number of a key that the store gave; -1 when it has none. */
    static int number(byte[] key) {
        return key.length == 2 && key[0] == 'k' && key[1] >= 0 && key[1] < KEYS ? key[1] : -1;
    }
}
