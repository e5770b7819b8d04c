package io.forebay.store.regression;

import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Opens iterators on one memtable in a small heap, with new keys between them. Prints "done" when it has got to its end. */
final class IteratorsKeepOldOrdersChild {
    private static final int ITERATORS = 500;
    private static final int KEYS_BETWEEN = 500;

    private IteratorsKeepOldOrdersChild() {}

    public static void main(String[] arguments) {
        Random random = new Random(1);
        List<StoreIterator> open = new ArrayList<>();
        try (Environment environment =
                        Environment.builder().memoryBytes(64 << 20).build();
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
            for (int i = 0; i < ITERATORS; i++) {
                for (int k = 0; k < KEYS_BETWEEN; k++) {
                    byte[] key = new byte[16];
                    random.nextBytes(key);
                    store.put(key, new byte[0]);
                }
                StoreIterator iterator = store.iterator(KeyRange.all());
                iterator.seekToFirst();
                open.add(iterator);
            }
            if (store.statistics().flushes() != 0) {
                throw new AssertionError("The memtable was flushed");
            }
            for (int i = 0; i < ITERATORS; i += ITERATORS / 5) {
                checkCount(open.get(i), (i + 1) * KEYS_BETWEEN);
            }
        }
        System.out.println("done");
    }

    private static void checkCount(StoreIterator iterator, int expected) {
        int count = 0;
        for (; iterator.isValid(); iterator.next()) {
            count++;
        }
        if (count != expected) {
            throw new AssertionError(count + " instead of " + expected + " keys");
        }
    }
}
