package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Compression;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Opens iterators in a small heap and leaves them open. Prints "done" when it has got to its end. */
final class IdleIteratorsFillHeapChild {
    private static final int BUDGET = 48 << 20;
    private static final int ITERATORS = 60;
    private static final int RANGE_DELETES = 20_000;
    private static final int LONG = 1 << 20;
    /** Longer than what the cache takes. */
    private static final int LONGEST = BUDGET / 8 + 4_096;

    private static final int FIRST_OF_MANY = 100;
    private static final int LONGEST_ROW = 500;

    /** What is done with the iterators. */
    enum Work {
        /** Each was opened beside range deletes that are in files by now: 3 MiB for each iterator. */
        RANGE_DELETES_OF_MEMTABLES,
        /** Each stands on a long value: 1 MiB for each. */
        LONG_VALUE_BACKWARDS,
        /** Each has passed a long value. */
        PAST_A_LONG_VALUE,
        /** Each stands on another long value: 2 MiB for each. */
        DIFFERENT_LONG_VALUES,
        /** Each stands on a value that the cache does not take: 6 MiB for each. */
        VALUE_PAST_THE_CACHE
    }

    private IdleIteratorsFillHeapChild() {}

    public static void main(String[] arguments) {
        Work work = Work.valueOf(arguments[0]);
        List<StoreIterator> open = new ArrayList<>();
        try (Environment environment = Environment.builder().memoryBytes(BUDGET).build();
                Store store = environment.open(FileStores.inMemory(), options())) {
            store.put(key(0), new byte[10]);
            store.put(key(1), new byte[LONG]);
            store.put(key(2), new byte[10]);
            if (work == Work.DIFFERENT_LONG_VALUES) {
                for (int i = 0; i < ITERATORS; i++) {
                    store.put(key(FIRST_OF_MANY + i), filled(2 * LONG, i));
                }
            } else if (work == Work.VALUE_PAST_THE_CACHE) {
                store.put(key(LONGEST_ROW), filled(LONGEST, 7));
            }
            store.flush();
            for (int i = 0; i < ITERATORS; i++) {
                open.add(opened(store, work, i));
            }
            check(open, work);
        }
        System.out.println("done");
    }

    /** The files are on the heap as well, so they are compressed. */
    private static StoreOptions options() {
        return StoreOptions.builder().compression(Compression.LZ4).build();
    }

    private static byte[] filled(int length, int content) {
        byte[] value = new byte[length];
        Arrays.fill(value, (byte) content);
        return value;
    }

    private static StoreIterator opened(Store store, Work work, int number) {
        if (work == Work.RANGE_DELETES_OF_MEMTABLES) {
            for (int i = 0; i < RANGE_DELETES; i++) {
                store.deleteRange(key(10 + 2 * i), key(11 + 2 * i));
            }
        }
        StoreIterator iterator = store.iterator(KeyRange.all());
        switch (work) {
            case RANGE_DELETES_OF_MEMTABLES -> {
                iterator.seekToFirst();
                store.flush();
                store.compact();
            }
            case LONG_VALUE_BACKWARDS -> iterator.seekForPrev(key(1));
            case PAST_A_LONG_VALUE -> {
                iterator.seekForPrev(key(2));
                iterator.prev();
                iterator.prev();
            }
            case DIFFERENT_LONG_VALUES -> iterator.seek(key(FIRST_OF_MANY + number));
            case VALUE_PAST_THE_CACHE -> iterator.seek(key(LONGEST_ROW));
        }
        return iterator;
    }

    private static void check(List<StoreIterator> open, Work work) {
        ValueBuffer value = new ValueBuffer();
        for (int i = 0; i < open.size(); i++) {
            open.get(i).value(value);
            switch (work) {
                case RANGE_DELETES_OF_MEMTABLES, PAST_A_LONG_VALUE -> check(value, 10, 0);
                case LONG_VALUE_BACKWARDS -> check(value, LONG, 0);
                case DIFFERENT_LONG_VALUES -> check(value, 2 * LONG, i);
                case VALUE_PAST_THE_CACHE -> check(value, LONGEST, 7);
            }
        }
    }

    private static void check(ValueBuffer value, int length, int content) {
        if (value.length() != length) {
            throw new AssertionError("A value of " + value.length() + " bytes");
        }
        for (int i = 0; i < length; i++) {
            if (value.array()[i] != (byte) content) {
                throw new AssertionError("Byte " + i + " is " + value.array()[i] + ", not " + content);
            }
        }
    }

    private static byte[] key(int number) {
        return String.format("key%06d", number).getBytes(UTF_8);
    }
}
