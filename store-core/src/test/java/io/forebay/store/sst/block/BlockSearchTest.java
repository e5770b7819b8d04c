package io.forebay.store.sst.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every search of a block against a sorted list. */
class BlockSearchTest {
    /** Where a block lies in its slab, and how many bytes follow it. */
    private static final int AT = 8;

    private record Row(byte[] key, long sequence, byte kind, byte[] value) {}

    private final List<Row> rows = new ArrayList<>();
    private Random random;
    private BlockKeys keys;
    private Slab slab;
    private int end;
    private OneBlock cursor;

    @Test
    void everySearchAgreesWithASortedList() {
        Seeds.run(getClass(), 600, seed -> {
            build(seed);
            for (int i = 0; i < rows.size(); i++) {
                byte[] key = rows.get(i).key();
                expectNeighbours(i);
                search(key);
                for (int position = 0; position <= Math.min(key.length, 60); position++) {
                    search(keys.near(key, position));
                }
                search(keys.near(key, random.nextInt(key.length + 1)));
            }
        });
    }

    /** Fixed seeds, so that it does not depend on chance. */
    @Test
    void itsBlocksHaveAllShapes() {
        int[] shapes = new int[256];
        for (int seed = 0; seed < 3000; seed++) {
            build(seed);
            shapes[slab.getByte(AT + BlockFormat.SHAPE_AT) & 0xFF]++;
        }
        for (int width = 1; width <= BlockFormat.MAX_HEAD_BYTES; width++) {
            assertThat(shapes[width]).as("plain blocks of width " + width).isPositive();
            assertThat(width == 1 ? 1 : shapes[BlockFormat.GATHERED | width])
                    .as("gathered blocks of width " + width)
                    .isPositive();
        }
    }

    private void build(long seed) {
        random = new Random(seed);
        keys = new BlockKeys(random);
        rows.clear();
        BlockBuilder builder = new BlockBuilder(64 << 10);
        boolean sequences = random.nextBoolean();
        byte[] previous = null;
        byte[][] sorted = keys.sorted(60);
        for (byte[] key : sorted) {
            long sequence = sequences ? 1 + random.nextLong(1L << (1 + random.nextInt(50))) : 0;
            for (int versions = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1; versions > 0; versions--) {
                byte kind = (byte) (1 + random.nextInt(3));
                byte[] value = new byte[kind == ValueKind.DELETE ? 0 : random.nextInt(20)];
                random.nextBytes(value);
                int differs = previous == null ? 0 : Arrays.mismatch(previous, key);
                int shared = differs < 0 ? key.length : differs;
                assertThat(builder.add(key, 0, key.length, shared, sequence, kind, value.length))
                        .isTrue();
                System.arraycopy(value, 0, builder.values(), builder.valueAt(), value.length);
                rows.add(new Row(key, sequence, kind, value));
                previous = key;
                if (sequence == 0) {
                    break;
                }
                sequence = random.nextLong(sequence);
            }
        }
        int size = builder.size();
        byte[] out = new byte[size + 2 * AT];
        random.nextBytes(out);
        end = builder.finish(out, AT);
        assertThat(end).isEqualTo(AT + size);
        slab = new Slab(ByteBuffer.wrap(out));
        BlockValidator.check(slab, AT, size, "f", 0);
        cursor = new OneBlock(slab, AT, size);
    }

    /** Searches for a key that lies somewhere in an array. */
    private void search(byte[] key) {
        int offset = random.nextInt(3) * 5;
        byte[] array = new byte[offset + key.length + random.nextInt(2) * 9];
        random.nextBytes(array);
        System.arraycopy(key, 0, array, offset, key.length);
        int expected = 0;
        while (expected < rows.size()
                && Arrays.compareUnsigned(rows.get(expected).key(), key) < 0) {
            expected++;
        }
        assertThat(BlockSearch.lowerBound(slab, AT, array, offset, key.length)).isEqualTo(expected);
        assertThat(cursor.find(array, offset, key.length)).isEqualTo(expected);
        offer(array, offset, key, expected);
    }

    private void offer(byte[] array, int offset, byte[] key, int from) {
        long limit = random.nextBoolean() ? Long.MAX_VALUE : random.nextLong(1L << (1 + random.nextInt(50)));
        int expected = BlockSearch.ENDED;
        List<byte[]> values = new ArrayList<>();
        int index = from;
        for (; index < rows.size() && Arrays.equals(rows.get(index).key(), key); index++) {
            Row row = rows.get(index);
            if (row.sequence() <= limit && row.kind() != ValueKind.DELETE) {
                values.add(row.value());
            }
            if (row.sequence() <= limit && row.kind() != ValueKind.MERGE) {
                expected = BlockSearch.SETTLED;
                break;
            }
        }
        if (expected == BlockSearch.ENDED && index == rows.size() && index > from) {
            expected = BlockSearch.CONTINUES;
        }
        PointLookup lookup = new PointLookup();
        ValueBuffer into = new ValueBuffer();
        lookup.start(array, offset, key.length, KeyHash.of(array, offset, key.length), limit, into);
        assertThat(BlockSearch.offer(slab, AT, end, lookup, -1)).isEqualTo(expected);
        assertThat(lookup.isFound()).isEqualTo(!values.isEmpty());
        List<byte[]> operands = lookup.operandsNewestFirst();
        if (operands.isEmpty() && !values.isEmpty()) {
            operands = List.of(into.toByteArray());
        }
        assertThat(operands).usingElementComparator(Arrays::compare).isEqualTo(values);
    }

    private void expectNeighbours(int index) {
        cursor.to(index);
        byte[] key = rows.get(index).key();
        assertThat(cursor.copyKey()).isEqualTo(key);
        assertThat(cursor.head()).isEqualTo(Slab.head(key, 0, key.length));
        if (index > 0 && Arrays.equals(rows.get(index - 1).key(), key)) {
            assertThat(cursor.mayHaveNewer()).isTrue();
        }
        boolean older =
                index + 1 == rows.size() || Arrays.equals(rows.get(index + 1).key(), key);
        if (older && rows.get(index).sequence() > 0) {
            assertThat(cursor.mayHaveOlder()).isTrue();
        }
        boolean plain = (slab.getByte(AT + BlockFormat.SHAPE_AT) & BlockFormat.GATHERED) == 0;
        if (plain && !older && noKeyIsContinuedByZeros()) {
            assertThat(cursor.mayHaveOlder()).isFalse();
        }
    }

    private boolean noKeyIsContinuedByZeros() {
        for (int i = 1; i < rows.size(); i++) {
            byte[] key = rows.get(i).key();
            byte[] before = rows.get(i - 1).key();
            if (before.length < key.length && Arrays.equals(key, Arrays.copyOf(before, key.length))) {
                return false;
            }
        }
        return true;
    }
}
