package io.forebay.store.regression;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import java.io.File;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Writes and reads values of some sizes in turn in a JVM with a small heap and little direct memory. */
final class LargeValuesOnHeapChild {
    private static final int MIB = 1 << 20;

    private LargeValuesOnHeapChild() {}

    /**
     * @param args directory, mebibytes of the budget, bytes that are written of each size, mebibytes of the heap that the
     *     application takes at the end, then the sizes of values
     */
    public static void main(String[] args) {
        int budget = Integer.parseInt(args[1]) * MIB;
        long each = Long.parseLong(args[2]);
        Environment environment = Environment.builder().memoryBytes(budget).build();
        try (environment) {
            Store store = environment.open(FileStores.local(new File(args[0])), StoreOptions.defaults());
            for (int i = 4; i < args.length; i++) {
                turn(store, i, Integer.parseInt(args[i]), each);
                check(environment, budget, args[i]);
            }
            byte[][] application = new byte[Integer.parseInt(args[3])][];
            for (int i = 0; i < application.length; i++) {
                application[i] = new byte[MIB];
            }
            System.out.println("done, the application has " + application.length + " MiB");
        } catch (MemoryBudgetException e) {
            System.out.println("refused: " + e.getMessage() + " " + e.getCause().getMessage());
        }
        if (environment.statistics().memoryUsed() != 0) {
            throw new AssertionError("in use after the close: " + environment.statistics());
        }
    }

    private static void turn(Store store, int turn, int valueBytes, long bytes) {
        int rows = (int) Math.max(2, bytes / valueBytes);
        byte[] value = new byte[valueBytes];
        for (int row = 0; row < rows; row++) {
            fill(value, turn, row);
            store.put(key(turn, row), value);
        }
        ValueBuffer found = new ValueBuffer();
        for (int round = 0; round < 2; round++) {
            for (int row = 0; row < rows; row++) {
                byte[] key = key(turn, row);
                if (!store.get(key, 0, key.length, found)) {
                    throw new AssertionError("Row " + row + " of turn " + turn + " is missing");
                }
                fill(value, turn, row);
                if (!Arrays.equals(value, 0, valueBytes, found.array(), 0, found.length())) {
                    throw new AssertionError("Row " + row + " of turn " + turn + " is another one");
                }
            }
        }
    }

    private static void check(Environment environment, long budget, String size) {
        long direct = 0;
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            direct += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
        }
        System.out.println(size + ": budget " + budget + ", direct " + direct + ", " + environment.statistics());
        long others = MIB; // buffers that the JDK keeps for I/O
        if (environment.statistics().memoryPeak() > budget || direct > budget + others) {
            throw new AssertionError("More memory than the budget");
        }
        if (direct
                < environment.statistics().memtableBytes()
                        + environment.statistics().cacheBytes()) {
            throw new AssertionError("Not all of it is direct memory");
        }
    }

    /** The whole value depends on both. */
    private static void fill(byte[] value, int turn, int row) {
        Arrays.fill(value, (byte) (31 * turn + row));
        value[value.length / 2] = (byte) (row >> 8);
    }

    private static byte[] key(int turn, int row) {
        return new byte[] {(byte) turn, (byte) (row >>> 16), (byte) (row >>> 8), (byte) row};
    }
}
