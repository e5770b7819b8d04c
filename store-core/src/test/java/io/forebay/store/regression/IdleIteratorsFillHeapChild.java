package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.util.ArrayList;
import java.util.List;

/** Opens iterators in a small heap and leaves them open. Prints "done" when it has got to its end. */
final class IdleIteratorsFillHeapChild {
    private static final int ITERATORS = 60;
    private static final int RANGE_DELETES = 20_000;
    private static final int LONG = 1 << 20;

    /** What is done with the iterators. */
    enum Work {
        /** Each was opened beside range deletes that are in files by now: 3 MiB for each iterator. */
        RANGE_DELETES_OF_MEMTABLES,
        /** Each stands on a long value: 1 MiB for each. */
        LONG_VALUE_BACKWARDS,
        /** Each has passed a long value. */
        PAST_A_LONG_VALUE
    }

    private IdleIteratorsFillHeapChild() {}

    public static void main(String[] arguments) {
        Work work = Work.valueOf(arguments[0]);
        List<StoreIterator> open = new ArrayList<>();
        try (Environment environment =
                        Environment.builder().memoryBytes(48 << 20).build();
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
            store.put(key(0), new byte[10]);
            store.put(key(1), new byte[LONG]);
            store.put(key(2), new byte[10]);
            store.flush();
            for (int i = 0; i < ITERATORS; i++) {
                open.add(opened(store, work));
            }
            check(open, work);
        }
        System.out.println("done");
    }

    private static StoreIterator opened(Store store, Work work) {
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
        }
        return iterator;
    }

    private static void check(List<StoreIterator> open, Work work) {
        int length = work == Work.LONG_VALUE_BACKWARDS ? LONG : 10;
        for (StoreIterator iterator : open) {
            if (iterator.valueLength() != length) {
                throw new AssertionError("A value of " + iterator.valueLength() + " bytes");
            }
        }
    }

    private static byte[] key(int number) {
        return String.format("key%06d", number).getBytes(UTF_8);
    }
}
