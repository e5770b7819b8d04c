package io.forebay.store;

import java.io.File;

/** Fills and reads a store of large values in a JVM whose heap is no larger than the budget. */
final class LargeValuesChild {
    private static final int MIB = 1 << 20;

    private LargeValuesChild() {}

    /** @param args directory, mebibytes of the budget, bytes of a value, rows */
    public static void main(String[] args) {
        int rows = Integer.parseInt(args[3]);
        byte[] value = new byte[Integer.parseInt(args[2])];
        ValueBuffer into = new ValueBuffer();
        try (Environment environment =
                Environment.builder().memoryBytes(Long.parseLong(args[1]) * MIB).build()) {
            Store store = environment.open(FileStores.local(new File(args[0])), StoreOptions.defaults());
            for (int i = 0; i < rows; i++) {
                store.put(key(i), value);
            }
            store.flush();
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < rows; i++) {
                    if (!store.get(key(i), 0, key(i).length, into) || into.length() != value.length) {
                        throw new AssertionError("Row " + i + " is missing");
                    }
                }
            }
            byte[][] others = new byte[16][];
            for (int i = 0; i < others.length; i++) {
                others[i] = new byte[MIB];
            }
            System.out.println("done, others have " + others.length + " MiB of heap");
        }
    }

    private static byte[] key(int i) {
        return new byte[] {(byte) (i >>> 16), (byte) (i >>> 8), (byte) i};
    }
}
