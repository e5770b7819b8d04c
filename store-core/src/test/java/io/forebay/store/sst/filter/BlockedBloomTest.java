package io.forebay.store.sst.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.key.KeyHash;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockedBloomTest {
    @Test
    void neverAFalseNegative() {
        Seeds.run(getClass(), 50, seed -> {
            Random random = new Random(seed);
            int bits = 1 + random.nextInt(32);
            long[] hashes = random.longs(random.nextInt(3000)).toArray();
            Filter filter = new Filter(hashes, bits);
            for (long hash : hashes) {
                assertThat(filter.mayContain(hash)).isTrue();
            }
        });
    }

    /** Rates of a blocked filter over keys that are counters, which must not be worse than random ones. */
    @ParameterizedTest
    @CsvSource({"4, 0.17", "8, 0.028", "10, 0.0115", "16, 0.0014", "20, 0.0006", "32, 0.0001"})
    void falsePositiveRate(int bits, double most) {
        int keys = 30_000;
        long[] hashes = new long[keys];
        for (int i = 0; i < keys; i++) {
            hashes[i] = hash(i);
        }
        Filter filter = new Filter(hashes, bits);
        int passed = 0;
        int absent = 1_000_000;
        for (int i = 0; i < absent; i++) {
            passed += filter.mayContain(hash(keys + i)) ? 1 : 0;
        }
        assertThat(passed / (double) absent).isLessThan(most);
    }

    @Test
    void linesAndProbes() {
        assertThat(BlockedBloom.lines(0, 10)).isEqualTo(1);
        assertThat(BlockedBloom.lines(51, 10)).isEqualTo(1);
        assertThat(BlockedBloom.lines(52, 10)).isEqualTo(2);
        assertThat(BlockedBloom.probes(0)).isZero();
        assertThat(BlockedBloom.probes(1)).isEqualTo(1);
        assertThat(BlockedBloom.probes(10)).isEqualTo(6);
        assertThat(BlockedBloom.probes(32)).isEqualTo(BlockedBloom.MAX_PROBES);
        assertThat(BlockedBloom.line(-1L, 1000)).isEqualTo(999);
        assertThat(BlockedBloom.line(0, 1000)).isZero();
    }

    @Test
    void theBuilderKeepsTheHashesThatComeLater() {
        FilterBuilder builder = new FilterBuilder(10);
        for (int i = 0; i < 5000; i++) {
            builder.add(hash(i));
        }
        builder.build(3000);
        assertThat(builder.count()).isEqualTo(2000);
        long[] later = new long[2000];
        for (int i = 0; i < 2000; i++) {
            later[i] = hash(3000 + i);
        }
        FilterBuilder other = new FilterBuilder(10);
        for (long hash : later) {
            other.add(hash);
        }
        assertThat(builder.build(2000)).isEqualTo(other.build(2000));
    }

    private static long hash(int key) {
        return KeyHash.of(ByteBuffer.allocate(4).putInt(key).array(), 0, 4);
    }

    private static final class Filter {
        private final Slab slab;
        private final int lines;
        private final int probes;

        Filter(long[] hashes, int bits) {
            FilterBuilder builder = new FilterBuilder(bits);
            for (long hash : hashes) {
                builder.add(hash);
            }
            long[] words = builder.build(hashes.length);
            ByteBuffer bytes = ByteBuffer.allocateDirect(words.length * 8);
            bytes.asLongBuffer().put(words);
            slab = new Slab(bytes);
            lines = words.length / 8;
            probes = BlockedBloom.probes(bits);
        }

        boolean mayContain(long hash) {
            int line = BlockedBloom.line(hash, lines);
            return BlockedBloom.mayContain(slab, line * BlockedBloom.LINE_BYTES, hash, probes);
        }
    }
}
