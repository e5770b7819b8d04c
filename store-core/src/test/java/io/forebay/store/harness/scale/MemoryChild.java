package io.forebay.store.harness.scale;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ChildJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A process that does all that takes memory, in eight stores under one budget, and says again and again how much it has:
 * lines of {@code anonymous fileBacked used peak}, in bytes. Arguments: directory, budget in bytes, seconds, seed. See
 * {@link ResidentMemoryTest}.
 */
final class MemoryChild {
    private static final int STORES = 8;
    private static final int KEYS = 60_000;
    private static final int OPERATIONS_PER_LINE = 250;
    /** However slow the machine is. */
    private static final int LEAST_LINES = 10;

    private final Random random;
    private final List<Store> stores = new ArrayList<>();
    private final List<StoreIterator> iterators = new ArrayList<>();
    private final byte[] bytes = new byte[1 << 20];
    private long rows;

    private MemoryChild(long seed) {
        random = new Random(seed);
        random.nextBytes(bytes);
    }

    public static void main(String[] arguments) throws IOException {
        long end = System.nanoTime() + Long.parseLong(arguments[2]) * 1_000_000_000;
        MemoryChild child = new MemoryChild(Long.parseLong(arguments[3]));
        try (Environment environment =
                Environment.builder().memoryBytes(Long.parseLong(arguments[1])).build()) {
            for (int i = 0; i < STORES; i++) {
                Path place = Path.of(arguments[0], "store-" + i);
                Files.createDirectories(place);
                child.stores.add(environment.open(
                        FileStores.local(place.toFile()),
                        StoreOptions.builder()
                                .memtableBytes(4 << 20)
                                .targetFileBytes(8 << 20)
                                .build()));
            }
            for (int lines = 0; lines < LEAST_LINES || System.nanoTime() < end; lines++) {
                for (int i = 0; i < OPERATIONS_PER_LINE; i++) {
                    child.step(child.stores.get(child.random.nextInt(STORES)));
                }
                EnvironmentStatistics statistics = environment.statistics();
                System.out.println(resident("RssAnon:") + " " + resident("RssFile:") + " " + statistics.memoryUsed()
                        + " " + statistics.memoryPeak());
            }
            child.iterators.forEach(StoreIterator::close);
        }
        System.out.println("rows " + child.rows);
        ChildJvm.readOrder();
    }

    private void step(Store store) {
        int choice = random.nextInt(10_000);
        if (choice < 6_000) {
            store.put(key(random.nextInt(KEYS)), value());
        } else if (choice < 8_500) {
            rows += store.get(key(random.nextInt(KEYS))) == null ? 0 : 1;
        } else if (choice < 9_500) {
            store.delete(key(random.nextInt(KEYS)));
        } else if (choice < 9_900) {
            scan(store);
        } else if (choice < 9_950) {
            int from = random.nextInt(KEYS);
            store.deleteRange(key(from), key(from + 50));
        } else if (choice < 9_980) {
            store.commit(new byte[8]);
        } else if (choice < 9_990) {
            hold(store);
        } else if (choice < 9_998) {
            Checkpoint checkpoint = store.checkpoint(new byte[8]);
            checkpoint.completion().join();
            checkpoint.close();
        } else {
            ingest(store);
        }
    }

    private void scan(Store store) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seek(key(random.nextInt(KEYS)));
            for (int i = 0; i < 50 && iterator.isValid(); i++) {
                rows++;
                iterator.next();
            }
        }
    }

    /** A few iterators stay open for a while; each keeps the files and blocks that it is at. */
    private void hold(Store store) {
        StoreIterator iterator = store.iterator(KeyRange.all());
        iterator.seek(key(random.nextInt(KEYS)));
        iterators.add(iterator);
        if (iterators.size() > 4) {
            iterators.remove(0).close();
        }
    }

    private void ingest(Store store) {
        try (SortedIngest ingest = store.ingest()) {
            int from = random.nextInt(KEYS);
            for (int i = 0; i < 2_000; i++) {
                byte[] value = value();
                ingest.add(key(from + i), value);
            }
            ingest.finish();
        }
    }

    /** Mostly small, now and then of hundreds of kilobytes. */
    private byte[] value() {
        int choice = random.nextInt(2_000);
        int length =
                choice == 0 ? random.nextInt(600 << 10) : choice < 40 ? random.nextInt(10_000) : random.nextInt(300);
        int at = random.nextInt(bytes.length - length);
        return Arrays.copyOfRange(bytes, at, at + length);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(12).putInt(number).putLong(number * 31L).array();
    }

    /** Resident pages of a kind that the kernel tells apart (proc_pid_status(5)), in bytes. */
    private static long resident(String kind) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(kind)) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new IOException("No " + kind + " in /proc/self/status");
    }
}
