package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.MergeFunction;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.util.DirectSlabAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One writer, readers beside it. Every value says which write it is from and has a checksum, so that a torn value, one from
 * the future and one that is lost all show.
 */
@Timeout(600)
class MemtableConcurrencyTest {
    private static final int WRITES = 400_000;

    private final SlabPool pool = new SlabPool(new DirectSlabAllocator(256 << 20), 256 << 20);
    private final Memtable memtable = new Memtable(pool, MergeFunction.append((byte) ','));
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile long published;
    private volatile boolean done;

    private interface Body {
        void run() throws Exception;
    }

    private Thread start(Body body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
                done = true;
            }
        });
        thread.start();
        return thread;
    }

    private void join(List<Thread> threads) throws Exception {
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a thread failed", failure.get());
        }
        memtable.release();
        assertThat(pool.used()).isZero();
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(12)
                .putInt(number * 0x9E3779B9)
                .putLong(number)
                .array();
    }

    /** {@code sequence, length times the sequence's filler, checksum}. */
    private static byte[] value(long sequence, int filler) {
        ByteBuffer value = ByteBuffer.allocate(16 + filler);
        value.putLong(sequence);
        long sum = sequence;
        for (int i = 0; i < filler; i++) {
            byte b = (byte) (sequence * 31 + i);
            value.put(b);
            sum = sum * 31 + b;
        }
        return value.putLong(sum).array();
    }

    private static long checked(byte[] value, int length) {
        ByteBuffer buffer = ByteBuffer.wrap(value, 0, length);
        long sequence = buffer.getLong();
        assertThat(Arrays.copyOf(value, length)).isEqualTo(value(sequence, length - 16));
        return sequence;
    }

    private void put(int number, long sequence, int filler, long pin) {
        byte[] key = key(number);
        byte[] value = value(sequence, filler);
        if (!memtable.ensureRoom(key.length, value.length)) {
            throw new AssertionError("no room at " + sequence);
        }
        memtable.put(KeyHash.of(key, 0, key.length), key, 0, key.length, value, 0, value.length, sequence, pin);
    }

    @Test
    void readersOfNowNeverSeeATornValue() throws Exception {
        int keys = 300;
        List<Thread> threads = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
            Random random = new Random(reader);
            threads.add(start(() -> readNow(keys, random)));
        }
        threads.add(start(() -> {
            Random random = new Random(99);
            for (long sequence = 1; sequence <= WRITES && !done; sequence++) {
                put(
                        random.nextInt(keys),
                        sequence,
                        random.nextInt(8) == 0 ? random.nextInt(300) : random.nextInt(20),
                        0);
                published = sequence;
            }
            done = true;
        }));
        join(threads);
    }

    private void readNow(int keys, Random random) {
        PointLookup lookup = new PointLookup();
        ValueBuffer value = new ValueBuffer();
        long[] lastSeen = new long[keys];
        long settled = 0;
        while (!done || settled == 0) {
            int number = random.nextInt(keys);
            byte[] key = key(number);
            long hash = KeyHash.of(key, 0, key.length);
            long limit;
            int result;
            do {
                limit = published;
                lookup.start(key, 0, key.length, hash, limit, value);
                result = memtable.get(lookup, false);
            } while (result == Memtable.RETRY);
            if (result == Memtable.SETTLED) {
                settled++;
                long sequence = checked(value.array(), value.length());
                assertThat(sequence).isBetween(lastSeen[number], limit);
                lastSeen[number] = sequence;
            } else {
                assertThat(lastSeen[number]).as("a key that was there is gone").isZero();
            }
        }
    }

    @Test
    void pinnedReadersAndIteratorsSeeExactlyTheirState() throws Exception {
        int keys = 5_000;
        List<Thread> threads = new ArrayList<>();
        AtomicReference<Pin> newest = new AtomicReference<>();
        CountDownLatch firstPin = new CountDownLatch(1);
        for (int reader = 0; reader < 2; reader++) {
            Random random = new Random(reader);
            threads.add(start(() -> {
                firstPin.await();
                Pin last = null;
                while (!done || last == null) {
                    last = newest.get();
                    checkPin(last, random);
                }
            }));
        }
        threads.add(start(() -> {
            Random random = new Random(7);
            long[] state = new long[keys];
            long pin = 0;
            for (long sequence = 1; sequence <= WRITES && !done; sequence++) {
                if (random.nextInt(1000) == 0) {
                    // key numbers are spread by their first four bytes: the range takes an eighth of them
                    byte[] from = {(byte) (random.nextInt(8) << 5)};
                    byte[] to = from[0] == (byte) 0xE0 ? null : new byte[] {(byte) (from[0] + 32)};
                    assertThat(memtable.deleteRange(from, to, sequence, pin)).isTrue();
                    for (int i = 0; i < keys; i++) {
                        byte[] key = key(i);
                        if ((key[0] & 0xE0) == (from[0] & 0xE0)) {
                            state[i] = 0;
                        }
                    }
                } else {
                    int number = random.nextInt(Math.min(keys, 1 + (int) (sequence / 20)));
                    put(number, sequence, random.nextInt(40), pin);
                    state[number] = sequence;
                }
                if (sequence % 5_000 == 0) {
                    pin = sequence;
                    newest.set(new Pin(sequence, state.clone()));
                    firstPin.countDown();
                }
            }
            firstPin.countDown();
            done = true;
        }));
        join(threads);
    }

    /** What every key has at a pinned sequence: the write, 0 for none. */
    private record Pin(long sequence, long[] state) {}

    private void checkPin(Pin pin, Random random) throws Exception {
        PointLookup lookup = new PointLookup();
        ValueBuffer value = new ValueBuffer();
        for (int i = 0; i < 500; i++) {
            int number = random.nextInt(pin.state.length);
            byte[] key = key(number);
            lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), pin.sequence, value);
            assertThat(memtable.get(lookup, true)).isNotEqualTo(Memtable.RETRY);
            assertThat(lookup.isFound() ? checked(value.array(), value.length()) : 0)
                    .isEqualTo(pin.state[number]);
        }
        long[] seen = new long[pin.state.length];
        try (InternalIterator iterator = memtable.iterator(pin.sequence)) {
            RangeTombstones tombstones = memtable.tombstones();
            boolean forward = random.nextBoolean();
            if (forward) {
                iterator.seekToFirst();
            } else {
                iterator.seekToLast();
            }
            byte[] last = null;
            while (iterator.isValid()) {
                assertThat(iterator.kind()).isEqualTo(ValueKind.PUT);
                byte[] key = iterator.copyKey();
                int order = last == null ? (forward ? 1 : -1) : Arrays.compareUnsigned(key, last);
                assertThat(forward ? order >= 0 : order <= 0).isTrue();
                last = key;
                int number = (int) ByteBuffer.wrap(key).getLong(4);
                byte[] bytes = iterator.copyValue();
                assertThat(checked(bytes, bytes.length)).isEqualTo(iterator.sequence());
                Fragment fragment = tombstones.covering(key, 0, key.length);
                boolean deleted = fragment != null && fragment.newestAtOrBelow(pin.sequence) > iterator.sequence();
                if (!deleted) {
                    seen[number] = Math.max(seen[number], iterator.sequence());
                }
                if (forward) {
                    iterator.next();
                } else {
                    iterator.prev();
                }
            }
        }
        assertThat(seen).isEqualTo(pin.state);
    }

    @Test
    void aValueThatIsAppendedToIsNeverTorn() throws Exception {
        byte[] key = key(1);
        long hash = KeyHash.of(key, 0, key.length);
        List<Thread> threads = new ArrayList<>();
        for (int reader = 0; reader < 2; reader++) {
            threads.add(start(() -> {
                PointLookup lookup = new PointLookup();
                int reads = 0;
                while (!done || reads == 0) {
                    long limit = published;
                    lookup.start(key, 0, key.length, hash, limit, new ValueBuffer());
                    if (memtable.get(lookup, false) == Memtable.CONTINUE && lookup.isFound()) {
                        reads++;
                        List<byte[]> parts = new ArrayList<>(lookup.operandsNewestFirst());
                        Collections.reverse(parts);
                        byte[] list = MergeFunction.append((byte) ',').merge(key, parts);
                        assertThat(list).hasSize((int) limit * 2 - 1);
                        for (int i = 0; i < list.length; i++) {
                            assertThat(list[i]).isEqualTo((byte) (i % 2 == 0 ? i / 2 : ','));
                        }
                    }
                }
            }));
        }
        threads.add(start(() -> {
            for (int sequence = 1; sequence <= 3_000 && !done; sequence++) {
                assertThat(memtable.ensureRoom(key.length, 1)).isTrue();
                memtable.merge(hash, key, 0, key.length, new byte[] {(byte) (sequence - 1)}, 0, 1, sequence, 0);
                published = sequence;
                if (sequence % 16 == 0) {
                    Thread.yield();
                }
            }
            done = true;
        }));
        join(threads);
    }
}
