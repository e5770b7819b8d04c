package io.forebay.store.sst.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class BlockTest {
    /** Where a block lies in its slab in these tests. */
    private static final int AT = 24;

    private record Row(byte[] key, long sequence, byte[] value) {}

    @Test
    void findsAndReadsEveryEntry() {
        Seeds.run(getClass(), 300, seed -> {
            Random random = new Random(seed);
            List<Row> rows = new ArrayList<>();
            Slab slab = randomBlock(random, rows);
            int length = slab.capacity() - 2 * AT;
            BlockValidator.check(slab, AT, length, "f", 0);
            assertThat(BlockSearch.count(slab, AT)).isEqualTo(rows.size());
            Cursor cursor = new Cursor(slab, AT, length);
            for (int i = 0; i < rows.size(); i++) {
                cursor.expect(i, rows.get(i));
            }
            RandomKeys keys = new RandomKeys(random);
            for (int i = 0; i < 100; i++) {
                byte[] target = i < rows.size() ? rows.get(i).key() : keys.key();
                int expected = 0;
                while (expected < rows.size()
                        && Arrays.compareUnsigned(rows.get(expected).key(), target) < 0) {
                    expected++;
                }
                byte[] padded = Arrays.copyOf(target, target.length + 9);
                assertThat(BlockSearch.lowerBound(slab, AT, padded, 0, target.length))
                        .isEqualTo(expected);
                assertThat(cursor.lowerBound(padded, 0, target.length)).isEqualTo(expected);
            }
        });
    }

    @Test
    void sizeIsExactAndTheLimitIsKept() {
        Seeds.run(getClass(), 300, seed -> {
            Random random = new Random(seed);
            int limit = 123 + random.nextInt(5000);
            BlockBuilder builder = new BlockBuilder(limit);
            byte[] out = new byte[70_000];
            fill(random, builder, new ArrayList<>());
            int size = builder.size();
            boolean lone = builder.count() == 1;
            assertThat(lone || size <= limit).isTrue();
            assertThat(builder.finish(out, 100)).isEqualTo(100 + size);
            assertThat(builder.isEmpty()).isTrue();
            assertThat(builder.size()).isZero();
        });
    }

    @Test
    void aLoneEntryIsWrittenAsTheBuilderWould() {
        Seeds.run(getClass(), 100, seed -> {
            Random random = new Random(seed);
            byte[] key = new byte[random.nextInt(40)];
            random.nextBytes(key);
            long sequence = random.nextInt(3) == 0 ? 0 : random.nextLong(1L << (1 + random.nextInt(62)));
            BlockBuilder builder = new BlockBuilder(100);
            builder.add(key, 0, key.length, 0, sequence, ValueKind.MERGE, 0);
            byte[] expected = new byte[builder.size()];
            builder.finish(expected, 0);
            byte[] lone = new byte[BlockBuilder.loneSize(key.length, sequence)];
            assertThat(BlockBuilder.putLone(lone, 0, key, 0, key.length, sequence, ValueKind.MERGE))
                    .isEqualTo(lone.length);
            assertThat(lone).isEqualTo(expected);
        });
    }

    @Test
    void overheadOfAnEntryIsThreeBytes() {
        BlockBuilder builder = new BlockBuilder(64 << 10);
        for (int i = 0; i < 100; i++) {
            byte[] key = String.format("key%013d", i).getBytes(StandardCharsets.ISO_8859_1);
            assertThat(builder.add(key, 0, 16, i == 0 ? 0 : 14, 0, ValueKind.PUT, 100))
                    .isTrue();
        }
        // Twelve bytes of prefix once, four bytes of suffix, and start and meta.
        assertThat(builder.size()).isEqualTo(4 + 12 + 100 * (4 + 3 + 100));
    }

    /** What the validator accepts can be read without any check: no exception, no endless loop, nothing out of bounds. */
    @Test
    void whatPassesValidationIsSafeToRead() {
        int[] accepted = new int[1];
        Seeds.run(getClass(), 4000, seed -> {
            Random random = new Random(seed);
            Slab slab = randomBlock(random, new ArrayList<>());
            int length = slab.capacity() - 2 * AT;
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                int front = random.nextBoolean() ? Math.min(length, 12) : length;
                slab.putByte(AT + random.nextInt(front), (byte) random.nextInt(256));
            }
            try {
                BlockValidator.check(slab, AT, length, "f", 1000);
            } catch (CorruptionException e) {
                assertThat(e.offset()).isBetween(1000L, 1000L + length);
                return;
            }
            accepted[0]++;
            Cursor cursor = new Cursor(slab, AT, length);
            int count = BlockSearch.count(slab, AT);
            for (int i = 0; i < count; i++) {
                cursor.moveToChecked(i, AT + length);
            }
            RandomKeys keys = new RandomKeys(random);
            for (int i = 0; i < 20; i++) {
                byte[] key = keys.key();
                assertThat(BlockSearch.lowerBound(slab, AT, key, 0, key.length)).isBetween(0, count);
            }
        });
        assertThat(System.getProperty("forebay.seed") != null || accepted[0] > 100)
                .isTrue();
    }

    @Test
    void validationNamesWhatIsWrong() {
        Slab tooShort = new Slab(ByteBuffer.allocate(64));
        assertThatThrownBy(() -> BlockValidator.check(tooShort, 0, BlockFormat.MIN_BLOCK_BYTES - 1, "f", 7))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("f at offset 7");
        assertThatThrownBy(() -> BlockValidator.check(tooShort, 0, 64, "f", 7))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("at least one entry");
    }

    private static Slab randomBlock(Random random, List<Row> rows) {
        BlockBuilder builder = new BlockBuilder(123 + random.nextInt(3000));
        fill(random, builder, rows);
        byte[] out = new byte[builder.size() + 2 * AT];
        random.nextBytes(out);
        builder.finish(out, AT);
        return new Slab(random.nextBoolean() ? ByteBuffer.wrap(out) : direct(out));
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static void fill(Random random, BlockBuilder builder, List<Row> rows) {
        RandomKeys keys = new RandomKeys(random);
        byte[] prefix = new byte[random.nextInt(3) == 0 ? random.nextInt(150) : 0];
        random.nextBytes(prefix);
        TreeSet<byte[]> sorted = new TreeSet<>(Arrays::compareUnsigned);
        for (int i = 1 + random.nextInt(80); i > 0; i--) {
            byte[] tail = keys.key();
            byte[] key = Arrays.copyOf(prefix, prefix.length + tail.length);
            System.arraycopy(tail, 0, key, prefix.length, tail.length);
            sorted.add(key);
        }
        long sequences = 1L << random.nextInt(63);
        byte[] previous = null;
        for (byte[] key : sorted) {
            long sequence = random.nextInt(5) == 0 ? 0 : random.nextLong(sequences);
            byte[] value = keys.value();
            int shared = previous == null ? 0 : Arrays.mismatch(previous, key);
            if (!builder.add(key, 0, key.length, shared, sequence, ValueKind.PUT, value.length)) {
                return;
            }
            System.arraycopy(value, 0, builder.values(), builder.valueAt(), value.length);
            rows.add(new Row(key, sequence, value));
            previous = key;
        }
    }

    /** A cursor over a single block. */
    private static final class Cursor extends BlockIterator {
        Cursor(Slab slab, int at, int length) {
            super(-1);
            open(slab, at, length);
        }

        void expect(int index, Row row) {
            moveTo(index);
            expectHere(row);
            if (index + 1 < count()) {
                stepForward();
                stepBack();
                expectHere(row);
            }
        }

        private void expectHere(Row row) {
            assertThat(copyKey()).isEqualTo(row.key());
            assertThat(head()).isEqualTo(Slab.head(row.key(), 0, row.key().length));
            assertThat(sequence()).isEqualTo(row.sequence());
            assertThat(valueSlab().toByteArray(valueOffset(), valueLength())).isEqualTo(row.value());
        }

        void moveToChecked(int index, int end) {
            moveTo(index);
            assertThat(valueOffset()).isBetween(AT, end);
            assertThat(valueLength()).isBetween(0, end - valueOffset());
            assertThat(ValueKind.isKnown(kind())).isTrue();
        }

        @Override
        public void seekToFirst() {
            moveTo(0);
        }

        @Override
        public void seekToLast() {
            moveTo(count() - 1);
        }

        @Override
        public void seek(byte[] target, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void seekBefore(byte[] target, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void next() {
            stepForward();
        }

        @Override
        public void prev() {
            stepBack();
        }

        @Override
        public void close() {
            closeBlock();
        }
    }
}
