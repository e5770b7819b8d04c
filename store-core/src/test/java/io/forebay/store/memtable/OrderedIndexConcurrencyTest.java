package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Cursors that go on while the tree grows below them: whatever is linked, they miss no key that was there when they were opened,
 * and stay in order.
 */
@Timeout(600)
class OrderedIndexConcurrencyTest {
    private static final int OLD_KEYS = 1_000;
    private static final int NEW_KEYS = 300_000;
    private static final int READERS = 2;

    private final SlabPool pool = new SlabPool(new HeapSlabs(), 256 << 20);
    private final Arena arena = new Arena(pool);
    private final OrderedIndex index = new OrderedIndex(pool, arena);
    private final TreeSet<byte[]> old = new TreeSet<>(Arrays::compareUnsigned);
    private final AtomicBoolean done = new AtomicBoolean();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** New keys lie between the old ones, behind the same prefixes of different lengths. */
    @Test
    void openCursorsMissNothingWhileNodesAreSplit() throws Exception {
        Random random = new Random(11);
        while (old.size() < OLD_KEYS) {
            byte[] key = key(random, 4);
            if (old.add(key)) {
                push(key);
            }
        }
        index.open().close();
        List<Thread> readers = new ArrayList<>();
        for (int reader = 0; reader < READERS; reader++) {
            Random targets = new Random(reader);
            OrderedCursor cursor = index.open();
            Thread thread = new Thread(() -> {
                try {
                    while (!done.get()) {
                        step(cursor, key(targets, targets.nextInt(8)), targets);
                    }
                } catch (Throwable e) {
                    failure.compareAndSet(null, e);
                } finally {
                    cursor.close();
                }
            });
            readers.add(thread);
            thread.start();
        }
        TreeSet<byte[]> all = new TreeSet<>(old);
        for (int i = 0, size = 1; i < NEW_KEYS && failure.get() == null; i++) {
            byte[] key = key(random, 8);
            if (all.add(key)) {
                push(key);
            }
            if (--size == 0) {
                index.open().close();
                size = random.nextInt(4) == 0 ? 1 + random.nextInt(5_000) : 1 + random.nextInt(40);
            }
        }
        done.set(true);
        for (Thread reader : readers) {
            reader.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a reader failed", failure.get());
        }
        OrderedCursor last = index.open();
        for (byte[] expected : all) {
            assertThat(key(expected == all.first() ? last.first() : last.next()))
                    .isEqualTo(expected);
        }
        assertThat(last.next()).isZero();
    }

    private void step(OrderedCursor cursor, byte[] target, Random random) {
        int ref = cursor.firstFrom(target, 0, target.length);
        check(target, true, ref, old.ceiling(target));
        for (int i = random.nextInt(100); i > 0 && ref != 0; i--) {
            byte[] from = key(ref);
            boolean forwards = random.nextInt(3) > 0;
            ref = forwards ? cursor.next() : cursor.prev();
            check(from, forwards, ref, forwards ? old.higher(from) : old.lower(from));
            assertThat(ref == 0 || !Arrays.equals(key(ref), from))
                    .as("a key came twice")
                    .isTrue();
        }
        ref = cursor.lastBefore(target, 0, target.length);
        check(target, false, ref, old.lower(target));
        for (int i = random.nextInt(100); i > 0 && ref != 0; i--) {
            byte[] from = key(ref);
            ref = cursor.prev();
            check(from, false, ref, old.lower(from));
        }
        check(new byte[0], true, cursor.first(), old.first());
        check(new byte[] {(byte) 0xFF, (byte) 0xFF}, false, cursor.last(), old.last());
    }

    /** What comes from a key on is on the right side of it, and no further than the next old one. */
    private void check(byte[] from, boolean forwards, int ref, byte[] nextOld) {
        if (ref == 0) {
            assertThat(nextOld).isNull();
            return;
        }
        byte[] found = key(ref);
        int order = Arrays.compareUnsigned(found, from);
        assertThat(forwards ? order >= 0 : order < 0).isTrue();
        if (nextOld != null) {
            int further = Arrays.compareUnsigned(found, nextOld);
            assertThat(forwards ? further <= 0 : further >= 0)
                    .as("an old key was missed")
                    .isTrue();
        }
    }

    private static byte[] key(Random random, int length) {
        int group = random.nextInt(4);
        ByteBuffer key = ByteBuffer.allocate(1 + 5 * group + length);
        key.put((byte) group);
        for (int i = 0; i < 5 * group; i++) {
            key.put((byte) 7);
        }
        while (key.hasRemaining()) {
            key.put((byte) random.nextInt(256));
        }
        return key.array();
    }

    private void push(byte[] key) {
        int ref = arena.allocate(Records.keyRecordBytes(key.length));
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        slab.putInt(at + Records.KEY_LENGTH, key.length);
        slab.put(at + Records.KEY, key, 0, key.length);
        index.push(ref);
    }

    private byte[] key(int ref) {
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        return slab.toByteArray(at + Records.KEY, slab.getInt(at + Records.KEY_LENGTH));
    }
}
