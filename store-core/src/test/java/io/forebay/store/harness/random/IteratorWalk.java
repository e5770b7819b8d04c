package io.forebay.store.harness.random;

import io.forebay.store.EntryBatch;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.Batches;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;

/** Moves an iterator and a cursor of the model about, in both directions, and compares after every move. */
final class IteratorWalk {
    private final Random random;
    private final RandomKeys keys;
    private final NavigableMap<byte[], byte[]> expected;
    private final StoreIterator iterator;
    private final String where;

    IteratorWalk(
            Random random,
            RandomKeys keys,
            NavigableMap<byte[], byte[]> expected,
            StoreIterator iterator,
            String where) {
        this.random = random;
        this.keys = keys;
        this.expected = expected;
        this.iterator = iterator;
        this.where = where;
    }

    void walk(int moves) {
        Map.Entry<byte[], byte[]> at = null;
        for (int i = 0; i < moves; i++) {
            int dice = at == null ? random.nextInt(4) : random.nextInt(14);
            if (dice == 0) {
                iterator.seekToFirst();
                at = expected.firstEntry();
            } else if (dice == 1) {
                iterator.seekToLast();
                at = expected.lastEntry();
            } else if (dice == 2) {
                byte[] key = keys.key();
                iterator.seek(key);
                at = expected.ceilingEntry(key);
            } else if (dice == 3) {
                byte[] key = keys.key();
                iterator.seekForPrev(key);
                at = expected.floorEntry(key);
            } else if (dice < 8) {
                iterator.next();
                at = expected.higherEntry(at.getKey());
            } else if (dice < 12) {
                iterator.prev();
                at = expected.lowerEntry(at.getKey());
            } else {
                EntryBatch batch = Batches.random(random);
                iterator.nextBatch(batch);
                at = Batches.assertHolds(batch, expected, at, where + ", move " + i);
            }
            Model.assertAt(iterator, at, where + ", move " + i);
        }
    }
}
