package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.testing.HeapSlabs;
import java.nio.ByteBuffer;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** The index through a memtable, with hashes of all qualities. */
class HashIndexTest {
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 256 << 20);
    private final Memtable memtable = new Memtable(pool, null);

    @Test
    void findsEveryKeyAcrossManySplits() {
        int count = 200_000;
        assertThat(fill(count, HashIndexTest::good)).isEqualTo(count);

        checkAll(count, HashIndexTest::good);
        // 8 bytes a slot, segments between 3/8 and 3/4 full
        assertThat(memtable.heldBytes() - memtable.bytes()).isLessThan(count * 8L);
    }

    @Test
    void splitsUnevenlyWhenHashesAgreeInTheirUpperBits() {
        LongUnaryOperator skewed = key -> good(key) >>> 5;
        int count = 30_000;
        assertThat(fill(count, skewed)).isEqualTo(count);
        checkAll(count, skewed);
    }

    @Test
    void refusesKeysThatCannotBeToldApart() {
        LongUnaryOperator same = key -> 0x1234_5678_9ABC_DEF0L;
        int added = fill(20_000, same);

        assertThat(added).isGreaterThan(6_000).isLessThan(8_192);
        assertThat(memtable.ensureRoom(8, 8)).isFalse();
        assertThat(memtable.entries()).isEqualTo(added);
        assertThat(memtable.heldBytes()).as("splits that bring nothing").isLessThan(2 << 20);
        checkAll(added, same);
    }

    @Test
    void neighboursInTheTableAreNotMistaken() {
        // tags that differ in the bits which neither choose the segment nor the slot, and probe chains around the end
        LongUnaryOperator chained = key -> (key % 97) << 45 | 0x1FFFL << 32 | key;
        assertThat(fill(2_000, chained)).isEqualTo(2_000);
        checkAll(2_000, chained);
    }

    private int fill(int count, LongUnaryOperator hash) {
        for (int i = 0; i < count; i++) {
            byte[] key = key(i);
            if (!memtable.ensureRoom(8, 8)) {
                return i;
            }
            memtable.put(hash.applyAsLong(i), key, 0, 8, key, 0, 8, i + 1L, 0);
        }
        return count;
    }

    private void checkAll(int count, LongUnaryOperator hash) {
        PointLookup lookup = new PointLookup();
        ValueBuffer value = new ValueBuffer();
        for (int i = 0; i < count + 100; i++) {
            byte[] key = key(i);
            lookup.start(key, 0, 8, hash.applyAsLong(i), Long.MAX_VALUE, value);
            int result = memtable.get(lookup, false);
            assertThat(result == Memtable.SETTLED).isEqualTo(i < count);
            assertThat(lookup.isFound()).isEqualTo(i < count);
            if (i < count) {
                assertThat(value.toByteArray()).isEqualTo(key);
            }
        }
        memtable.release();
        assertThat(pool.used()).isZero();
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    private static long good(long key) {
        return KeyHash.of(key(key), 0, 8);
    }
}
