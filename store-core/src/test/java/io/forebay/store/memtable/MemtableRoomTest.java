package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.forebay.store.MergeFunction;
import io.forebay.store.WriteBatch;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What happens when the pool has no more. */
class MemtableRoomTest {
    private static final MergeFunction APPEND = MergeFunction.append((byte) ',');
    private static final int SLAB = 64 << 10;

    private static byte[] key(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    @Test
    void anEmptyMemtableHoldsNothing() {
        MemtableHarness harness = new MemtableHarness(10 * SLAB, null);
        assertThat(harness.pool.used()).isZero();
        assertThat(harness.memtable.bytes()).isZero();
        assertThat(harness.memtable.isEmpty()).isTrue();
        assertThat(harness.memtable.minSequence()).isEqualTo(-1);
        assertThat(harness.memtable.maxSequence()).isEqualTo(-1);
        assertThat(harness.get(key(1), 5, false)).isEqualTo(new MemtableModel.Answer(false, null));
        assertThat(MemtableHarness.all(harness.memtable.iterator())).isEmpty();
    }

    @Test
    void refusesAtTheBudgetAndKeepsWhatItHas() {
        MemtableHarness harness = new MemtableHarness(4 * SLAB, null);
        int count = 0;
        while (harness.put(key(count), new byte[100])) {
            count++;
        }
        assertThat(harness.pool.used()).isEqualTo(4 * SLAB);
        // one slab is the index, three are full of records of 128 bytes
        assertThat(count).isEqualTo(3 * SLAB / 128);
        assertThat(harness.memtable.entries()).isEqualTo(count);
        assertThat(harness.memtable.maxSequence()).isEqualTo(count);
        for (int i = 0; i < count; i++) {
            assertThat(harness.get(key(i), harness.sequence, false).value()).hasSize(100);
        }
        assertThat(harness.get(key(count), harness.sequence, false).value()).isNull();
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
    }

    @Test
    void refusesTheFirstWriteWithoutLeavingAnythingBehind() {
        MemtableHarness harness = new MemtableHarness(SLAB, null);
        assertThat(harness.put(key(1), new byte[10])).isFalse();
        assertThat(harness.memtable.isEmpty()).isTrue();
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
    }

    @Test
    void goesOnWithAFullerIndexWhenItCannotSplit() {
        MemtableHarness harness = new MemtableHarness(6 * SLAB, null);
        int count = 0;
        Slab taken = null;
        boolean room = true;
        while (room) {
            if (count == 6_100) {
                // when the 6,144th key comes and the first segment is to be split, somebody else has the slab for it
                taken = harness.pool.tryTake(Use.MEMTABLE);
                assertThat(harness.pool.tryTake(Use.MEMTABLE)).isNotNull();
                assertThat(harness.pool.tryTake(Use.MEMTABLE)).isNull();
            } else if (count == 6_144) {
                harness.pool.give(Use.MEMTABLE, taken);
            }
            room = harness.put(key(count), new byte[0]);
            count += room ? 1 : 0;
        }
        assertThat(count).isGreaterThan(6_144).isLessThan(8_192);
        for (int i = 0; i < count; i++) {
            assertThat(harness.get(key(i), harness.sequence, false).value()).isEmpty();
        }
        assertThat(harness.get(key(count), harness.sequence, false).value()).isNull();
    }

    @Test
    void aWriteWithoutRoomIsABugOfTheCaller() {
        MemtableHarness harness = new MemtableHarness(2 * SLAB, null);
        harness.put(key(1), new byte[1000]);
        byte[] large = new byte[SLAB];
        assertThatIllegalStateException()
                .isThrownBy(() -> harness.memtable.put(7, key(2), 0, 4, large, 0, SLAB, 9, 0))
                .withMessageContaining("ensureRoom");
        assertThat(harness.memtable.maxSequence()).isEqualTo(1);
    }

    @Test
    void sequencesMustRise() {
        MemtableHarness harness = new MemtableHarness(2 * SLAB, null);
        harness.put(key(1), new byte[1]);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> harness.memtable.delete(7, key(2), 0, 4, 1, 0))
                .withMessageContaining("does not follow 1");
        assertThatIllegalArgumentException().isThrownBy(() -> harness.memtable.deleteRange(key(1), null, 1, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> harness.memtable.delete(7, key(2), 0, 4, Records.MAX_SEQUENCE + 1, 0));
    }

    @Test
    void largeRecordsTakeTheirOwnLengthOnly() {
        MemtableHarness harness = new MemtableHarness(20 * SLAB, null);
        harness.put(key(1), new byte[10 * SLAB]);
        assertThat(harness.pool.used(Use.MEMTABLE)).isBetween(11L * SLAB, 12L * SLAB);
        assertThat(harness.put(key(2), new byte[10 * SLAB])).isFalse();
        assertThat(harness.pool.used(Use.MEMTABLE)).isLessThan(12L * SLAB);
        assertThat(harness.put(new byte[3 * SLAB], new byte[3 * SLAB])).isTrue();
        assertThat(harness.get(new byte[3 * SLAB], harness.sequence, false).value())
                .hasSize(3 * SLAB);
    }

    @Test
    void rangeDeletesAreAccountedAndRefused() {
        MemtableHarness harness = new MemtableHarness(SLAB, null);
        int count = 0;
        while (harness.deleteRange(key(2 * count), key(2 * count + 1))) {
            count++;
        }
        assertThat(count).isGreaterThan(200).isLessThan(1000);
        assertThat(harness.memtable.tombstones().size()).isEqualTo(count);
        assertThat(harness.memtable.maxSequence()).isEqualTo(count);
        assertThat(harness.memtable.heldBytes()).isEqualTo(harness.pool.used(Use.MEMTABLE_HEAP));
        assertThat(harness.memtable.isEmpty()).isFalse();
        assertThat(harness.memtable.entries()).isZero();
        assertThat(harness.deleteRange(key(0), null))
                .as("one that covers all others")
                .isTrue();
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
    }

    @Test
    void aLongKeyThatFillsItsSlabHasRoomForItsVersion() {
        byte[] longKey = new byte[40_000];
        int refused = 0;
        for (int length = 0; length < 500; length += 8) {
            MemtableHarness harness = new MemtableHarness(2 * SLAB, null);
            for (int i = 0; i < 16; i++) {
                harness.put(key(i), new byte[1500]);
            }
            harness.put(key(16), new byte[200]);
            harness.put(key(17), new byte[length]);
            refused += harness.put(longKey, new byte[100]) ? 0 : 1;
            harness.memtable.release();
        }
        assertThat(refused).isBetween(1, 62);
    }

    @Test
    void fullPoolsNeverTearAnything() {
        Seeded.run(MemtableRoomTest.class, 60, MemtableRoomTest::fillAtRandom);
    }

    private static void fillAtRandom(Random random) {
        MemtableHarness harness = new MemtableHarness((2 + random.nextInt(20)) * (long) SLAB, APPEND);
        MemtableModel model = new MemtableModel(APPEND);
        int keys = 1 + random.nextInt(200);
        int refused = 0;
        for (int i = 0; i < 5000 && refused < 30; i++) {
            byte[] key = Arrays.copyOf(key(random.nextInt(keys)), random.nextInt(100) == 0 ? 50_000 : 4);
            int length = random.nextInt(50) == 0 ? random.nextInt(3 * SLAB) : random.nextInt(300);
            byte[] value = new byte[length];
            random.nextBytes(value);
            int dice = random.nextInt(10);
            byte kind = dice < 6 ? ValueKind.PUT : dice < 9 ? ValueKind.MERGE : ValueKind.DELETE;
            if (random.nextInt(100) == 0) {
                harness.pinned = harness.sequence;
            }
            if (harness.write(kind, key, value)) {
                model.write(key, kind, value, harness.sequence);
            } else {
                refused++;
            }
        }
        for (byte[] key : model.keys()) {
            assertThat(harness.get(key, harness.sequence, false)).isEqualTo(model.get(key, harness.sequence));
        }
        assertThat(harness.memtable.heldBytes()).isEqualTo(harness.pool.used());
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
        assertThat(harness.slabs.outstanding()).isZero();
    }

    @Test
    void whatABatchWasPromisedItGets() {
        Seeded.run(MemtableRoomTest.class, 150, MemtableRoomTest::batches);
    }

    private static void batches(Random random) {
        MemtableHarness harness = new MemtableHarness((2 + random.nextInt(40)) * (long) SLAB, APPEND);
        int keys = 1 + random.nextInt(3000);
        for (int round = 0; round < 40; round++) {
            WriteBatch batch = new WriteBatch();
            int shape = random.nextInt(4);
            boolean many = round % 8 == 0;
            for (int i = random.nextInt(many ? 30_000 : shape == 0 ? 3 : 600); i >= 0; i--) {
                byte[] key = key(random.nextInt(many ? 20 * keys : keys));
                if (many) {
                    batch.put(key, new byte[i % 3]);
                    continue;
                }
                int length = shape < 2 ? random.nextInt(100) : random.nextInt(20) == 0 ? random.nextInt(30_000) : 30;
                if (random.nextInt(30) == 0) {
                    batch.deleteRange(key, random.nextBoolean() ? null : Arrays.copyOf(key, 9));
                } else if (random.nextInt(3) == 0) {
                    batch.merge(random.nextInt(200) == 0 ? Arrays.copyOf(key, 33_000) : key, new byte[length]);
                } else {
                    batch.put(random.nextInt(200) == 0 ? Arrays.copyOf(key, 33_000) : key, new byte[length]);
                }
            }
            if (!harness.memtable.ensureRoom(RoomPlan.of(batch))) {
                continue;
            }
            // nobody else gets what was promised
            while (random.nextBoolean() && harness.pool.tryTake(Use.MEMTABLE) != null) {}
            if (random.nextInt(5) == 0) {
                harness.pinned = harness.sequence;
            }
            apply(harness, batch);
        }
    }

    private static void exhaust(MemtableHarness harness) {
        while (harness.pool.tryReserve(Use.CACHE, 1)) {}
    }

    /** Each cut repeats the sequences of a fragment, for which states in between were claimed. */
    @Test
    void rangeDeletesOfABatchHaveRoomForWhatTheyCut() {
        MemtableHarness harness = new MemtableHarness(64 * SLAB, null);
        for (int i = 0; i < 500; i++) {
            assertThat(harness.deleteRange(key(0), null)).isTrue();
            harness.pinned = harness.sequence;
        }
        WriteBatch batch = new WriteBatch();
        for (int i = 1; i < 200; i++) {
            batch.deleteRange(key(2 * i), key(2 * i + 1));
        }
        assertThat(harness.memtable.ensureRoom(RoomPlan.of(batch))).isTrue();
        exhaust(harness);
        apply(harness, batch);
        assertThat(harness.memtable.tombstones().size()).isGreaterThan(390);

        long promised = harness.pool.used(Use.MEMTABLE_HEAP);
        harness.put(key(1), new byte[0]);
        assertThat(harness.pool.used(Use.MEMTABLE_HEAP))
                .as("what the batch did not need is given back")
                .isLessThan(promised);
    }

    @Test
    void aRangeDeleteThatMustNotBeRefusedIsNot() {
        MemtableHarness harness = new MemtableHarness(SLAB, null);
        exhaust(harness);
        assertThat(harness.deleteRange(key(1), key(3))).isFalse();
        harness.memtable.deleteRangeWithRoom(key(1), key(3), ++harness.sequence, 0);
        assertThat(harness.memtable.tombstones().size()).isEqualTo(1);
        assertThat(harness.memtable.maxSequence()).isEqualTo(1);
        assertThat(harness.pool.used(Use.MEMTABLE_HEAP)).isZero();
        harness.memtable.release();
        assertThat(harness.pool.used(Use.MEMTABLE_HEAP)).isZero();
    }

    @Test
    void theIndexGrowsWithTheKeysOfABatch() {
        MemtableHarness harness = new MemtableHarness(1024 * SLAB, null);
        long before = 0;
        for (int count : new int[] {7_900, 7_900, 8_000, 100_000, 3, 7_900}) {
            WriteBatch batch = new WriteBatch();
            for (int i = 0; i < count; i++) {
                batch.put(key((int) harness.sequence + i), new byte[0]);
            }
            assertThat(harness.memtable.ensureRoom(RoomPlan.of(batch))).isTrue();
            apply(harness, batch);
            // records of 32 bytes fill slabs to three quarters for sure, and a key takes 16 bytes of the index on
            // average
            assertThat(harness.memtable.heldBytes() - before).isLessThan(count * 80L + 2 * SLAB);
            before = harness.memtable.heldBytes();
        }
        assertThat(harness.memtable.entries()).isEqualTo(harness.sequence);
        for (int i = 0; i < harness.sequence; i++) {
            assertThat(harness.get(key(i), harness.sequence, false).value()).isEmpty();
        }
    }

    @Test
    void aBatchWithoutRoomLeavesAnEmptyMemtableNearlyEmpty() {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 60_000; i++) {
            batch.put(key(i), new byte[0]);
        }
        RoomPlan plan = RoomPlan.of(batch);
        for (int slabs = 1; slabs < plan.bytes() / SLAB; slabs++) {
            MemtableHarness harness = new MemtableHarness(slabs * SLAB, null);
            assertThat(harness.memtable.ensureRoom(plan)).isFalse();
            assertThat(harness.pool.used()).isLessThanOrEqualTo(SLAB);
            assertThat(harness.memtable.heldBytes()).isEqualTo(harness.pool.used());
        }
        assertThat(new MemtableHarness(plan.bytes(), null).memtable.ensureRoom(plan))
                .isTrue();
    }

    /** Their hashes tell them apart, but nobody has counted how many keys they are. */
    @Test
    void tooManyOperationsOnOneKeyHaveNoRoomAtOnce() {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 9_000; i++) {
            batch.put(key(1), new byte[0]);
        }
        RoomPlan plan = RoomPlan.of(batch);
        MemtableHarness harness = new MemtableHarness(1024 * SLAB, null);
        assertThat(plan.bytes()).isGreaterThan(1L << 31);
        assertThat(harness.memtable.ensureRoom(plan)).isFalse();
        assertThat(harness.pool.used()).isLessThanOrEqualTo(SLAB);
    }

    @Test
    void whatAnAllocatorRefusesIsNotBooked() {
        WriteBatch batch = new WriteBatch().put(key(1), new byte[3 * SLAB]).put(key(2), new byte[3 * SLAB]);
        for (int i = 0; i < 20_000; i++) {
            batch.put(key(i), new byte[20]);
        }
        RoomPlan plan = RoomPlan.of(batch);
        int refused = 0;
        boolean complete = false;
        while (!complete) {
            RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
            SlabPool pool = new SlabPool(slabs, 1024 * SLAB);
            Memtable memtable = new Memtable(pool, null);
            slabs.allow(refused);
            complete = memtable.ensureRoom(plan);
            refused += complete ? 0 : 1;
            assertThat(memtable.heldBytes()).isEqualTo(pool.used()).isEqualTo(slabs.slabs.outstanding());
            assertThat(pool.used()).isLessThanOrEqualTo(complete ? plan.bytes() : SLAB);
            slabs.allowAll();
            assertThat(memtable.ensureRoom(plan)).isTrue();
            memtable.release();
            assertThat(pool.used()).isZero();
        }
        assertThat(refused).isEqualTo(2 + (int) ((plan.bytes() - 6 * SLAB) / SLAB));
    }

    private static void apply(MemtableHarness harness, WriteBatch batch) {
        batch.forEach((kind, bytes, keyAt, keyLength, valueAt, valueLength) -> {
            long hash = KeyHash.of(bytes, keyAt, keyLength);
            long next = ++harness.sequence;
            Memtable memtable = harness.memtable;
            long pin = harness.pinned;
            switch (kind) {
                case WriteBatch.PUT ->
                    memtable.put(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, next, pin);
                case WriteBatch.MERGE ->
                    memtable.merge(hash, bytes, keyAt, keyLength, bytes, valueAt, valueLength, next, pin);
                case WriteBatch.DELETE_RANGE -> {
                    byte[] from = Arrays.copyOfRange(bytes, keyAt, keyAt + keyLength);
                    byte[] to = valueLength < 0 ? null : Arrays.copyOfRange(bytes, valueAt, valueAt + valueLength);
                    assertThat(memtable.deleteRange(from, to, next, pin)).isTrue();
                }
                default -> throw new AssertionError(kind);
            }
        });
    }

    @Test
    void theLastReferenceFreesAndOnlyOnce() {
        MemtableHarness harness = new MemtableHarness(10 * SLAB, null);
        harness.put(key(1), new byte[1]);
        harness.memtable.retain();
        harness.memtable.release();
        assertThat(harness.pool.used()).isPositive();
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
        assertThatIllegalStateException().isThrownBy(harness.memtable::release);
        assertThatIllegalStateException().isThrownBy(harness.memtable::retain);
        assertThatIllegalStateException().isThrownBy(harness.memtable::flushIterator);
    }
}
