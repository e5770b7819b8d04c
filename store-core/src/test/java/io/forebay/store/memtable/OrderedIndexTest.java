package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class OrderedIndexTest {
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 512 << 20);
    private final Arena arena = new Arena(pool);
    private final OrderedIndex index = new OrderedIndex(pool, arena);
    private final TreeSet<byte[]> model = new TreeSet<>(Arrays::compareUnsigned);

    @Test
    void isEmptyAtFirst() {
        OrderedCursor cursor = index.open();
        assertThat(cursor.first()).isZero();
        assertThat(cursor.last()).isZero();
        assertThat(cursor.firstFrom(new byte[0], 0, 0)).isZero();
        assertThat(cursor.lastBefore(new byte[1], 0, 1)).isZero();
    }

    @Test
    void ordersKeysOfAllShapesThatComeInWaves() {
        Seeded.run(OrderedIndexTest.class, 60, random -> new OrderedIndexTest().waves(random));
    }

    private void waves(Random random) {
        KeyMaker keys = KeyMaker.random(random);
        List<OrderedCursor> open = new ArrayList<>();
        List<List<byte[]>> expected = new ArrayList<>();
        int waves = 1 + random.nextInt(30);
        boolean closeAtOnce = random.nextBoolean();
        for (int wave = 0; wave < waves; wave++) {
            int count = random.nextInt(3) == 0 ? 1 + random.nextInt(2000) : 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                push(keys.next(random));
            }
            OrderedCursor cursor = index.open();
            if (wave % 7 == 0 || wave == waves - 1) {
                checkAll(cursor, new ArrayList<>(model));
            }
            checkSeeks(cursor, keys, random);
            if (closeAtOnce) {
                cursor.close();
            } else {
                open.add(cursor);
                expected.add(new ArrayList<>(model));
            }
        }
        for (int i = 0; i < open.size(); i += 1 + open.size() / 4) {
            checkOld(open.get(i), expected.get(i));
            checkSeeks(open.get(i), keys, random);
        }
        assertThat(index.heldBytes()).isEqualTo(model.size() * (long) OrderedIndex.BYTES_PER_KEY);
        index.close();
        arena.close();
        assertThat(pool.used()).isZero();
    }

    @Test
    void ordersManyKeysAtOnceAndKeysInOrder() {
        for (int i = 0; i < 200_000; i++) {
            push(ByteBuffer.allocate(12)
                    .putInt(7)
                    .putInt(i * 0x9E3779B9)
                    .putInt(i)
                    .array());
        }
        checkAll(index.open(), new ArrayList<>(model));
        byte[] prefix = new byte[12];
        Arrays.fill(prefix, (byte) 0xFF);
        for (int i = 0; i < 3000; i++) {
            push(ByteBuffer.allocate(16).put(prefix).putInt(i).array());
            index.open().close();
        }
        checkAll(index.open(), new ArrayList<>(model));
    }

    /** Each key is the last one and a letter: the worst case for a radix sort. */
    @Test
    void sortsKeysThatAreLongerAndLonger() {
        Random random = new Random(5);
        for (int length = 0; length < 1500; length++) {
            byte[] key = new byte[length + 1];
            Arrays.fill(key, (byte) 'a');
            push(Arrays.copyOf(key, length));
            key[length] = (byte) random.nextInt(256);
            if (key[length] != 'a') {
                push(key);
            }
        }
        checkAll(index.open(), new ArrayList<>(model));
    }

    /** As while a leaf is cut: the place behind the new ones does not know yet which one is on its left. */
    @Test
    void goesBackOverPlacesThatAreNew() {
        for (int i = 0; i < 1000; i++) {
            push(ByteBuffer.allocate(4).putInt(i).array());
        }
        OrderedCursor cursor = index.open();
        OrderedNode root = index.root();
        root.child(root.count - 1).place.setLeft(root.child(0).place);
        checkAll(cursor, new ArrayList<>(model));
    }

    /** As when there is no heap for a batch: what was linked before that is not linked again. */
    @Test
    void goesOnWithWhatCouldNotBeLinked() {
        SlabPool small = new SlabPool(new HeapSlabs(), 5 << 20);
        Arena records = new Arena(small);
        OrderedIndex tight = new OrderedIndex(small, records);
        int count = 30_000;
        int[] refs = new int[count];
        for (int i = 0; i < count; i++) {
            byte[] key = ByteBuffer.allocate(4).putInt(i * 0x9E3779B9).array();
            model.add(key);
            refs[i] = record(records, key);
            tight.push(refs[i]);
        }
        while (small.tryTake(SlabPool.Use.CACHE) != null) {}
        Slab slab = records.slab(refs[count / 2]);
        int link = Arena.offset(refs[count / 2]) + Records.PUSHED_BEFORE;
        int before = slab.getInt(link);
        slab.putInt(link, Integer.MAX_VALUE);
        assertThatThrownBy(tight::open).isInstanceOf(IndexOutOfBoundsException.class);
        long first = tight.heldBytes() + tight.overdraftBytes();
        assertThat(first).isPositive().isLessThan(count / 2 * (long) OrderedIndex.BYTES_PER_KEY);
        assertThatThrownBy(tight::open).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(tight.heldBytes() + tight.overdraftBytes()).isEqualTo(first);
        slab.putInt(link, before);
        byte[] later = new byte[5];
        model.add(later);
        tight.push(record(records, later));
        checkAll(records, tight.open(), new ArrayList<>(model));
        assertThat(tight.heldBytes() + tight.overdraftBytes())
                .isEqualTo(model.size() * (long) OrderedIndex.BYTES_PER_KEY);
    }

    /** The reader that brings the tree up to date stops in the middle, and somebody counts memory meanwhile. */
    @Test
    void nobodyWhoCountsMemoryWaitsForTheOrder() throws Exception {
        SlabPool full = new SlabPool(new HeapSlabs(), 16 << 20);
        Memtable memtable = new Memtable(full, null);
        for (int i = 0; i < 5_000; i++) {
            byte[] key = ByteBuffer.allocate(4).putInt(i).array();
            assertThat(memtable.ensureRoom(4, 0)).isTrue();
            memtable.put(KeyHash.of(key, 0, 4), key, 0, 4, key, 0, 0, i + 1, 0);
        }
        CountDownLatch linking = new CountDownLatch(1);
        CountDownLatch counted = new CountDownLatch(1);
        full.cacheReclaimer(bytes -> {
            linking.countDown();
            try {
                counted.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return 0;
        });
        while (full.tryTake(SlabPool.Use.CACHE) != null) {}
        Thread reader = new Thread(() -> memtable.iterator().close());
        reader.start();
        linking.await();
        long held = assertTimeoutPreemptively(Duration.ofMinutes(5), memtable::heldBytes);
        assertThat(held).isEqualTo(full.used(SlabPool.Use.MEMTABLE));
        counted.countDown();
        reader.join();
    }

    @Test
    void worksWithoutMemoryForTheTreeAndCountsThat() {
        SlabPool small = new SlabPool(new HeapSlabs(), 64 << 10);
        Arena onlySlab = new Arena(small);
        OrderedIndex tight = new OrderedIndex(small, onlySlab);
        for (int i = 0; i < 1000; i++) {
            tight.push(record(onlySlab, ByteBuffer.allocate(4).putInt(i * 31).array()));
        }
        OrderedCursor cursor = tight.open();
        int count = 0;
        for (int ref = cursor.first(); ref != 0; ref = cursor.next()) {
            count++;
        }
        assertThat(count).isEqualTo(1000);
        assertThat(tight.overdraftBytes()).isEqualTo(1000L * OrderedIndex.BYTES_PER_KEY);
        assertThat(tight.heldBytes()).isZero();
        assertThat(small.used()).isEqualTo(64 << 10);
    }

    private void push(byte[] key) {
        if (model.add(key)) {
            index.push(record(arena, key));
        }
    }

    private static int record(Arena arena, byte[] key) {
        int ref = arena.allocate(Records.keyRecordBytes(key.length));
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        slab.putInt(at + Records.KEY_LENGTH, key.length);
        slab.put(at + Records.KEY, key, 0, key.length);
        return ref;
    }

    private void checkSeeks(OrderedCursor cursor, KeyMaker keys, Random random) {
        for (int i = 0; i < 20; i++) {
            byte[] target = keys.next(random);
            byte[] from = model.ceiling(target);
            byte[] before = model.lower(target);
            int ref = cursor.firstFrom(target, 0, target.length);
            assertThat(ref == 0 ? null : key(arena, ref)).isEqualTo(from);
            if (ref != 0) {
                int previous = cursor.prev();
                assertThat(previous == 0 ? null : key(arena, previous)).isEqualTo(before);
            }
            ref = cursor.lastBefore(target, 0, target.length);
            assertThat(ref == 0 ? null : key(arena, ref)).isEqualTo(before);
            if (ref != 0) {
                int next = cursor.next();
                assertThat(next == 0 ? null : key(arena, next)).isEqualTo(from);
            }
        }
    }

    /** A cursor that was opened long ago: it has what was there then, and of what came later some or all. */
    private void checkOld(OrderedCursor cursor, List<byte[]> expected) {
        List<byte[]> forwards = new ArrayList<>();
        for (int ref = cursor.first(); ref != 0; ref = cursor.next()) {
            forwards.add(key(arena, ref));
        }
        List<byte[]> backwards = new ArrayList<>();
        for (int ref = cursor.last(); ref != 0; ref = cursor.prev()) {
            backwards.add(key(arena, ref));
        }
        Collections.reverse(backwards);
        for (List<byte[]> seen : List.of(forwards, backwards)) {
            TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
            keys.addAll(seen);
            checkEqual(seen, List.copyOf(keys));
            assertThat(keys.containsAll(expected)).isTrue();
            assertThat(model.containsAll(seen)).isTrue();
        }
    }

    private static void checkEqual(List<byte[]> keys, List<byte[]> expected) {
        assertThat(keys).hasSameSizeAs(expected);
        for (int i = 0; i < keys.size(); i++) {
            if (!Arrays.equals(keys.get(i), expected.get(i))) {
                assertThat(keys.get(i)).as("key %s", i).isEqualTo(expected.get(i));
            }
        }
    }

    private void checkAll(OrderedCursor cursor, List<byte[]> expected) {
        checkAll(arena, cursor, expected);
    }

    private static void checkAll(Arena arena, OrderedCursor cursor, List<byte[]> expected) {
        int at = 0;
        for (int ref = cursor.first(); ref != 0; ref = cursor.next()) {
            if (!Arrays.equals(key(arena, ref), expected.get(at))) {
                assertThat(key(arena, ref)).as("key %s", at).isEqualTo(expected.get(at));
            }
            at++;
        }
        assertThat(at).isEqualTo(expected.size());
        for (int ref = cursor.last(); ref != 0; ref = cursor.prev()) {
            at--;
            if (!Arrays.equals(key(arena, ref), expected.get(at))) {
                assertThat(key(arena, ref)).as("key %s", at).isEqualTo(expected.get(at));
            }
        }
        assertThat(at).isZero();
    }

    private static byte[] key(Arena arena, int ref) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        return slab.toByteArray(at + Records.KEY, slab.getInt(at + Records.KEY_LENGTH));
    }

    /** Keys of one kind: random, with shared prefixes, full of zeros, very short, ascending, descending. */
    private record KeyMaker(int kind, byte[][] prefixes, int[] counter) {
        static KeyMaker random(Random random) {
            byte[][] prefixes = new byte[1 + random.nextInt(4)][];
            for (int i = 0; i < prefixes.length; i++) {
                prefixes[i] = new byte[random.nextInt(30)];
                random.nextBytes(prefixes[i]);
            }
            return new KeyMaker(random.nextInt(6), prefixes, new int[] {1 << 20});
        }

        byte[] next(Random random) {
            byte[] prefix = prefixes[random.nextInt(prefixes.length)];
            byte[] rest = switch (kind) {
                case 0 -> new byte[16];
                case 1 -> new byte[random.nextInt(4)];
                case 2 -> new byte[random.nextInt(40)];
                default -> new byte[4];
            };
            if (kind < 2) {
                random.nextBytes(rest);
            } else if (kind == 2) {
                for (int i = random.nextInt(3); i > 0 && rest.length > 0; i--) {
                    rest[random.nextInt(rest.length)] = (byte) random.nextInt(3);
                }
            } else {
                counter[0] += kind == 3 ? 1 : kind == 4 ? -1 : random.nextInt(9) - 4;
                ByteBuffer.wrap(rest).putInt(counter[0]);
            }
            byte[] key = Arrays.copyOf(prefix, prefix.length + rest.length);
            System.arraycopy(rest, 0, key, prefix.length, rest.length);
            return key;
        }
    }
}
