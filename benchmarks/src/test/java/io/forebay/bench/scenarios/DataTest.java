package io.forebay.bench.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class DataTest {
    private static final int COUNT = 10_000;

    private final Data data = new Data(COUNT, 100);

    @Test
    void keysAreDistinctAndInRandomOrder() {
        Set<String> keys = new HashSet<>();
        int ascents = 0;
        byte[] previous = new byte[Data.KEY_BYTES];
        for (int i = 0; i < COUNT; i++) {
            byte[] key = data.present(i);
            ascents += Arrays.compareUnsigned(previous, key) < 0 ? 1 : 0;
            previous = key.clone();
            keys.add(Arrays.toString(key));
            keys.add(Arrays.toString(data.absent(i)));
        }
        assertThat(keys).hasSize(2 * COUNT);
        assertThat(ascents).isBetween(COUNT * 2 / 5, COUNT * 3 / 5);
    }

    @Test
    void ascendingKeysAscendAndStandUnderTheirPrefix() {
        byte[] first = data.ascending(1).clone();
        assertThat(Arrays.compareUnsigned(first, data.ascending(2))).isNegative();
        assertThat(data.under(5, 1)).startsWith(Data.prefix(5));
    }

    @Test
    void valuesAreOfTheSizeAndMany() {
        Set<String> values = new HashSet<>();
        for (int i = -COUNT; i < COUNT; i++) {
            assertThat(data.value(i)).hasSize(100);
            values.add(Arrays.toString(data.value(i)));
        }
        assertThat(values).hasSizeGreaterThan(1000);
        assertThat(new Data(10, 1 << 20).valueBytes()).isEqualTo(1 << 20);
        assertThat(data.bytes(3)).isEqualTo(3 * 116);
    }

    @Test
    void smallNumbersOfZipfAreFrequent() {
        Zipf zipf = new Zipf(1000);
        int[] seen = new int[1000];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            seen[zipf.next(random)]++;
        }
        // Weights of 1 and 1/2^0.99 of a sum of about 7.7.
        assertThat(seen[0]).isBetween(11_000, 15_000);
        assertThat(seen[1]).isBetween(5000, 8000);
        assertThat(Arrays.stream(seen, 500, 1000).sum()).isBetween(5000, 12_000);
    }
}
