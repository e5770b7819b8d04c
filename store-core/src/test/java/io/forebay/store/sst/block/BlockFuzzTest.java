package io.forebay.store.sst.block;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.ValueBuffer;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** What the validator lets in can be searched and walked without a check, whatever it is. */
class BlockFuzzTest extends FuzzTests {
    /** Bytes before and behind the block in its slab, as a neighbour in the cache would have. */
    private static final int MARGIN = 8;

    /** How many keys of a block are looked for. */
    private static final int KEYS = 16;

    private static final FuzzTarget BLOCK = FuzzTarget.of("block", BlockFuzzTest::read)
            .seeds(words(""), words("prefix/of/all/"), rows(), sequences())
            .allocates(1 << 20, 8 * KEYS);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void block(byte[] input) {
        BLOCK.accept(input);
    }

    private static void read(byte[] input) {
        byte[] padded = new byte[input.length + 2 * MARGIN];
        Arrays.fill(padded, (byte) 0xA5);
        System.arraycopy(input, 0, padded, MARGIN, input.length);
        Slab slab = new Slab(ByteBuffer.wrap(padded));
        BlockValidator.check(slab, MARGIN, input.length, "f", 0);
        int end = MARGIN + input.length;
        int count = BlockSearch.count(slab, MARGIN);
        OneBlock cursor = new OneBlock(slab, MARGIN, input.length);
        byte[][] keys = new byte[Math.min(count, KEYS)][];
        for (int i = 0; i < count; i++) {
            if (i == 0) {
                cursor.to(0);
            } else {
                cursor.next();
            }
            expectInside(cursor, end);
            if (i < keys.length) {
                keys[i] = cursor.copyKey();
            }
        }
        for (int i = count - 2; i >= 0; i--) {
            cursor.prev();
            expectInside(cursor, end);
            if (i < keys.length) {
                require(Arrays.equals(cursor.copyKey(), keys[i]), "the same key on the way back");
            }
        }
        for (byte[] key : keys) {
            search(slab, end, count, key);
            search(slab, end, count, Arrays.copyOf(key, key.length + 1));
            search(slab, end, count, Arrays.copyOf(key, key.length / 2));
            byte[] other = key.clone();
            if (other.length > 0) {
                other[other.length / 2]++;
            }
            search(slab, end, count, other);
        }
        for (int i = 0; i < count; i++) {
            int valueEnd = BlockSearch.valueEnd(slab, MARGIN, end, i);
            require(valueEnd >= MARGIN && valueEnd <= end, "end of value");
        }
    }

    private static void search(Slab slab, int end, int count, byte[] key) {
        int bound = BlockSearch.lowerBound(slab, MARGIN, key, 0, key.length);
        require(bound >= 0 && bound <= count, "a lower bound in the block");
        PointLookup lookup = new PointLookup();
        lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), Long.MAX_VALUE, new ValueBuffer());
        int result = BlockSearch.offer(slab, MARGIN, end, lookup, -1);
        require(result >= BlockSearch.ENDED && result <= BlockSearch.CONTINUES, "a result");
    }

    private static byte[] words(String prefix) {
        BlockBuilder builder = new BlockBuilder(600);
        String previous = null;
        for (int i = 0; i < 12; i++) {
            String key = prefix + (char) ('a' + i / 2) + (i % 2 == 0 ? "" : " and a longer rest");
            add(builder, key, previous, i * 1000L, "value " + i);
            previous = key;
        }
        return finish(builder);
    }

    /** A gathered block. */
    private static byte[] rows() {
        BlockBuilder builder = new BlockBuilder(600);
        String previous = null;
        for (int i = 0; i < 12; i++) {
            String key = "m" + i / 4 + " in a namespace, " + (char) ('a' + i % 4);
            add(builder, key, previous, i * 1000L, "value " + i);
            previous = key;
        }
        return finish(builder);
    }

    private static byte[] sequences() {
        BlockBuilder builder = new BlockBuilder(600);
        for (int i = 0; i < 8; i++) {
            add(builder, "same", i == 0 ? null : "same", (1L << (7 * (8 - i))) - 1, "v" + i);
        }
        return finish(builder);
    }

    private static void add(BlockBuilder builder, String key, String previous, long sequence, String value) {
        byte[] bytes = key.getBytes(StandardCharsets.US_ASCII);
        int shared = 0;
        if (previous != null) {
            int differs = Arrays.mismatch(previous.getBytes(StandardCharsets.US_ASCII), bytes);
            shared = differs < 0 ? bytes.length : differs;
        }
        if (builder.add(bytes, 0, bytes.length, shared, sequence, ValueKind.PUT, value.length())) {
            byte[] content = value.getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(content, 0, builder.values(), builder.valueAt(), content.length);
        }
    }

    private static byte[] finish(BlockBuilder builder) {
        byte[] block = new byte[builder.size()];
        builder.finish(block, 0);
        return block;
    }

    private static void expectInside(OneBlock cursor, int end) {
        require(cursor.valueOffset() >= MARGIN && cursor.valueOffset() <= end, "a value inside");
        require(cursor.valueLength() >= 0 && cursor.valueLength() <= end - cursor.valueOffset(), "its end inside");
        require(cursor.keyLength() >= 0 && cursor.keyLength() <= end, "a key no longer than the block");
        require(ValueKind.isKnown(cursor.kind()) || cursor.kind() == ValueKind.REFERENCE, "a known kind");
    }
}
