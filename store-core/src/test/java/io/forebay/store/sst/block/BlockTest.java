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
import java.util.HexFormat;
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
            OneBlock cursor = new OneBlock(slab, AT, length);
            for (int i = 0; i < rows.size(); i++) {
                expect(cursor, i, rows.get(i));
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
                assertThat(cursor.find(padded, 0, target.length)).isEqualTo(expected);
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

    /** Those of docs/format/sst.md. */
    @Test
    void workedExamples() {
        assertThat(hex("ab1", "x", "ab2", "yy")).isEqualTo("00020100026162" + "00000002" + "3132" + "0d780d7979");
        assertThat(hex("a-of-map/1", "", "a-of-map/2", "", "b-of-map/1", ""))
                .isEqualTo("0003820000" + "0009" + "0000000b0016" + "613161326231" + "55612d6f662d6d61702f31"
                        + "55612d6f662d6d61702f32" + "55622d6f662d6d61702f31");
    }

    /** A block of keys and values. */
    private static String hex(String... keysAndValues) {
        BlockBuilder builder = new BlockBuilder(4096);
        byte[] previous = new byte[0];
        for (int i = 0; i < keysAndValues.length; i += 2) {
            byte[] key = keysAndValues[i].getBytes(StandardCharsets.ISO_8859_1);
            byte[] value = keysAndValues[i + 1].getBytes(StandardCharsets.ISO_8859_1);
            int shared = Arrays.mismatch(previous, key);
            assertThat(builder.add(key, 0, key.length, shared, 0, ValueKind.PUT, value.length))
                    .isTrue();
            System.arraycopy(value, 0, builder.values(), builder.valueAt(), value.length);
            previous = key;
        }
        byte[] block = new byte[builder.size()];
        assertThat(builder.finish(block, 0)).isEqualTo(block.length);
        return HexFormat.of().formatHex(block);
    }

    @Test
    void overheadOfAnEntryIsThreeBytes() {
        BlockBuilder builder = new BlockBuilder(64 << 10);
        for (int i = 0; i < 100; i++) {
            byte[] key = String.format("key%013d", i).getBytes(StandardCharsets.ISO_8859_1);
            assertThat(builder.add(key, 0, 16, i == 0 ? 0 : 14, 0, ValueKind.PUT, 100))
                    .isTrue();
        }
        // Fourteen bytes of prefix once, two bytes of suffix in the head, and start and meta.
        assertThat(builder.size()).isEqualTo(5 + 14 + 100 * (2 + 3 + 100));
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
            OneBlock cursor = new OneBlock(slab, AT, length);
            int count = BlockSearch.count(slab, AT);
            for (int i = 0; i < count; i++) {
                cursor.to(i);
                expectInside(cursor, AT + length);
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
        // The base of sequences would take all of a block and more.
        Slab wideBase = new Slab(
                ByteBuffer.allocate(64).put(new byte[] {0, 1, 1, (byte) 0x80}).rewind());
        assertThatThrownBy(() -> BlockValidator.check(wideBase, 0, 10, "f", 7))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("f at offset 17");
    }

    /** Whether a block has one entry of kind 0 with so many bytes in the place of its value. */
    private static boolean isReferenceTaken(int bytes) {
        BlockBuilder builder = new BlockBuilder(200);
        builder.add(new byte[] {1}, 0, 1, 0, 5, ValueKind.REFERENCE, bytes);
        byte[] out = new byte[builder.size()];
        builder.finish(out, 0);
        try {
            BlockValidator.check(new Slab(ByteBuffer.wrap(out)), 0, out.length, "f", 0);
            return true;
        } catch (CorruptionException e) {
            assertThat(e).hasMessageContaining("a reference of at most 20 bytes");
            return false;
        }
    }

    @Test
    void aReferenceHasOneToTwentyBytes() {
        assertThat(isReferenceTaken(0)).isFalse();
        assertThat(isReferenceTaken(1)).isTrue();
        assertThat(isReferenceTaken(20)).isTrue();
        assertThat(isReferenceTaken(21)).isFalse();
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

    private static void expect(OneBlock cursor, int index, Row row) {
        cursor.to(index);
        expectHere(cursor, row);
        if (index + 1 < cursor.entries()) {
            cursor.next();
            cursor.prev();
            expectHere(cursor, row);
        }
    }

    private static void expectHere(OneBlock cursor, Row row) {
        assertThat(cursor.copyKey()).isEqualTo(row.key());
        assertThat(cursor.head()).isEqualTo(Slab.head(row.key(), 0, row.key().length));
        assertThat(cursor.sequence()).isEqualTo(row.sequence());
        assertThat(cursor.valueSlab().toByteArray(cursor.valueOffset(), cursor.valueLength()))
                .isEqualTo(row.value());
    }

    private static void expectInside(OneBlock cursor, int end) {
        assertThat(cursor.valueOffset()).isBetween(AT, end);
        assertThat(cursor.valueLength()).isBetween(0, end - cursor.valueOffset());
        assertThat(ValueKind.isKnown(cursor.kind()) || cursor.kind() == ValueKind.REFERENCE)
                .isTrue();
    }
}
