package io.forebay.store.api;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Fills and reads a store in a JVM with little direct memory, of which others take a part. */
final class DirectMemoryChild {
    private static final int MIB = 1 << 20;
    private static final int VALUE_BYTES = 1000;

    private DirectMemoryChild() {}

    /** @param args mebibytes of the budget, mebibytes that others take, rows */
    public static void main(String[] args) {
        int rows = Integer.parseInt(args[2]);
        List<ByteBuffer> others = new ArrayList<>();
        try (Environment environment =
                Environment.builder().memoryBytes(Long.parseLong(args[0]) * MIB).build()) {
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                others.add(ByteBuffer.allocateDirect(MIB));
            }
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            Random random = new Random(1);
            for (int i = 0; i < rows; i++) {
                store.put(key(i), new byte[VALUE_BYTES]);
                if (i % 4 == 0 && store.get(key(random.nextInt(i + 1))) == null) {
                    throw new AssertionError("A row is missing");
                }
            }
            store.commitDurably(new byte[0]);
            for (int i = 0; i < rows; i++) {
                if (store.get(key(i)) == null) {
                    throw new AssertionError("Row " + i + " is missing");
                }
            }
            System.out.println("done, others have " + others.size() + " MiB, peak "
                    + environment.statistics().memoryPeak() / MIB + " MiB");
        } catch (MemoryBudgetException e) {
            System.out.println("refused: " + e.getMessage());
        }
    }

    private static byte[] key(int i) {
        return new byte[] {(byte) (i >>> 16), (byte) (i >>> 8), (byte) i};
    }
}
