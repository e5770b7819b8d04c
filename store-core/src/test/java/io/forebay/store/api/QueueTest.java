package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadView;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Queues, stacks and cleared ranges: iterators jump over what they know to be empty, and over nothing else. */
class QueueTest {
    private static final int KEYS = 3000;

    @Test
    void aQueueIsReadInOrder() {
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = open(stepped)) {
            int depth = 300;
            for (int i = 0; i < depth; i++) {
                store.put(key(i), value(i));
            }
            for (int head = 0; head < 5000; head++) {
                store.put(key(head + depth), value(head + depth));
                assertThat(first(store)).isEqualTo(key(head));
                store.delete(key(head));
                if (head % 700 == 0) {
                    store.commit(new byte[0]);
                    stepped.executor.drain();
                }
            }
        }
    }

    @Test
    void boundsOfAnIteratorMayBeUsedAgainAfterIt() {
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = open(stepped)) {
            for (int i = 0; i < 20; i++) {
                store.put(new byte[] {1, (byte) i}, value(i));
                store.delete(new byte[] {1, (byte) i});
                store.put(new byte[] {5, (byte) i}, value(i));
                store.delete(new byte[] {5, (byte) i});
            }
            store.put(new byte[] {3}, value(1));
            store.put(new byte[] {7}, value(1));
            byte[] to = {2};
            try (StoreIterator walk = store.iterator(KeyRange.of(new byte[] {1}, to))) {
                walk.seekToFirst();
                assertThat(walk.isValid()).isFalse();
            }
            to[0] = 9;
            byte[] from = {4};
            try (StoreIterator walk = store.iterator(KeyRange.of(from, new byte[] {6}))) {
                walk.seekToLast();
                assertThat(walk.isValid()).isFalse();
            }
            from[0] = 0;
            for (int live : new int[] {3, 7}) {
                try (StoreIterator iterator =
                        store.iterator(KeyRange.of(new byte[] {(byte) live}, new byte[] {(byte) live, 1}))) {
                    iterator.seekToFirst();
                    assertThat(iterator.isValid()).isTrue();
                    iterator.seekToLast();
                    assertThat(iterator.isValid()).isTrue();
                }
            }
        }
    }

    @Test
    void whatComesBackIsSeen() {
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = open(stepped)) {
            for (int i = 0; i < 1000; i++) {
                store.put(key(i), value(i));
            }
            for (int i = 0; i < 990; i++) {
                store.delete(key(i));
            }
            assertThat(first(store)).isEqualTo(key(990));
            store.put(key(400), value(1));
            assertThat(first(store)).isEqualTo(key(400));
            store.merge(key(300), value(1));
            assertThat(first(store)).isEqualTo(key(300));
            store.write(new WriteBatch().put(key(200), value(1)));
            assertThat(first(store)).isEqualTo(key(200));
            store.write(new WriteBatch().deleteRange(key(0), key(999)).put(key(500), value(1)));
            assertThat(first(store)).isEqualTo(key(500));
            store.write(new WriteBatch().put(key(100), value(1)).deleteRange(key(0), key(999)));
            assertThat(first(store)).isEqualTo(key(999));
            try (SortedIngest ingest = store.ingest()) {
                ingest.add(key(50), value(50));
                ingest.finish();
            }
            assertThat(first(store)).isEqualTo(key(50));
        }
    }

    @Test
    void olderStatesKeepWhatWasDeletedLater() {
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = open(stepped)) {
            for (int i = 0; i < 1000; i++) {
                store.put(key(i), value(i));
            }
            try (Snapshot snapshot = store.snapshot();
                    StoreIterator before = store.iterator(KeyRange.all())) {
                for (int i = 0; i < 500; i++) {
                    store.delete(key(i));
                }
                store.deleteRange(key(500), key(900));
                assertThat(first(store)).isEqualTo(key(900));
                assertThat(first(store)).isEqualTo(key(900));
                assertThat(first(snapshot)).isEqualTo(key(0));
                before.seekToFirst();
                assertThat(before.key()).isEqualTo(key(0));
                before.seekForPrev(key(899));
                assertThat(before.key()).isEqualTo(key(899));
            }
        }
    }

    /** Long stretches are emptied in all ways and filled again here and there; every iterator agrees with a sorted map. */
    @Test
    void agreesWithASortedMap() {
        Seeds.run(getClass(), 12, QueueTest::run);
    }

    private static void run(long seed) {
        Random random = new Random(seed);
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        try (SteppedEnvironment stepped = new SteppedEnvironment();
                Store store = stepped.open(
                        new MemoryFileStore(),
                        StoreOptions.builder()
                                .memtableBytes(4096 << random.nextInt(6))
                                .blockBytes(256)
                                .targetFileBytes(8 << 10)
                                .mergeFunction(MergeFunction.append((byte) ',')))) {
            for (int step = 0; step < 400; step++) {
                change(random, store, model);
                if (random.nextInt(10) == 0) {
                    store.commit(new byte[0]);
                    stepped.executor.drain();
                }
                look(random, store, model);
            }
        }
    }

    private static void change(Random random, Store store, TreeMap<byte[], byte[]> model) {
        int from = random.nextInt(KEYS);
        int to = Math.min(KEYS, from + 1 + random.nextInt(random.nextBoolean() ? 10 : 600));
        switch (random.nextInt(7)) {
            case 0, 1 -> {
                for (int i = from; i < to; i++) {
                    store.put(key(i), value(i));
                    model.put(key(i), value(i));
                }
            }
            case 2, 3 -> {
                for (int i = from; i < to; i++) {
                    store.delete(key(i));
                }
                model.subMap(key(from), key(to)).clear();
            }
            case 4 -> {
                store.deleteRange(key(from), key(to));
                model.subMap(key(from), key(to)).clear();
            }
            case 5 -> {
                store.merge(key(from), value(1));
                model.merge(key(from), value(1), QueueTest::joined);
            }
            default -> {
                WriteBatch batch = new WriteBatch();
                batch.deleteRange(key(from), key(to)).put(key((from + to) / 2), value(2));
                batch.delete(key(to));
                store.write(batch);
                model.subMap(key(from), key(to)).clear();
                model.put(key((from + to) / 2), value(2));
                model.remove(key(to));
            }
        }
    }

    private static byte[] joined(byte[] left, byte[] right) {
        byte[] joined = Arrays.copyOf(left, left.length + 1 + right.length);
        joined[left.length] = ',';
        System.arraycopy(right, 0, joined, left.length + 1, right.length);
        return joined;
    }

    private static void look(Random random, Store store, TreeMap<byte[], byte[]> model) {
        byte[] from = random.nextBoolean() ? null : key(random.nextInt(KEYS));
        byte[] to = random.nextBoolean() ? null : key(random.nextInt(KEYS));
        if (from != null && to != null && Arrays.compareUnsigned(from, to) > 0) {
            to = null;
        }
        NavigableMap<byte[], byte[]> expected = model.tailMap(from == null ? new byte[0] : from, true);
        expected = to == null ? expected : expected.headMap(to, false);
        try (StoreIterator iterator = store.iterator(KeyRange.of(from, to))) {
            Map.Entry<byte[], byte[]> at;
            byte[] target = key(random.nextInt(KEYS));
            switch (random.nextInt(4)) {
                case 0 -> {
                    iterator.seekToFirst();
                    at = expected.firstEntry();
                }
                case 1 -> {
                    iterator.seekToLast();
                    at = expected.lastEntry();
                }
                case 2 -> {
                    iterator.seek(target);
                    at = expected.ceilingEntry(target);
                }
                default -> {
                    iterator.seekForPrev(target);
                    at = expected.floorEntry(target);
                }
            }
            boolean forward = random.nextBoolean();
            for (int i = random.nextInt(200); i >= 0; i--) {
                assertThat(iterator.isValid()).isEqualTo(at != null);
                if (at == null) {
                    return;
                }
                assertThat(iterator.key()).isEqualTo(at.getKey());
                assertThat(iterator.value()).isEqualTo(at.getValue());
                forward ^= random.nextInt(50) == 0;
                if (forward) {
                    iterator.next();
                    at = expected.higherEntry(at.getKey());
                } else {
                    iterator.prev();
                    at = expected.lowerEntry(at.getKey());
                }
            }
        }
    }

    private static Store open(SteppedEnvironment stepped) {
        return stepped.open(
                new MemoryFileStore(),
                StoreOptions.builder().memtableBytes(64 << 10).mergeFunction(MergeFunction.append((byte) ',')));
    }

    private static byte[] first(ReadView view) {
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            return iterator.key();
        }
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(4).putInt(i).array();
    }

    private static byte[] value(int i) {
        return ("value " + i).getBytes(StandardCharsets.UTF_8);
    }
}
