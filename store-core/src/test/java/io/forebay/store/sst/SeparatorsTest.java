package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeparatorsTest {
    @ParameterizedTest
    @CsvSource({
        "616263, 61626364, 616263", // a prefix of the next key cannot be shortened
        "61626364, 6163, 616264", // the next key is too short to cut, so the last one is rounded up
        "61626364, 616378, 6163",
        "616263646566, 6170, 6163",
        "6162ffff, 6163, 6162ffff",
        "6162ff61, 6163, 6162ff61",
        "6162ff6161, 6163, 6162ff62",
        "61, 62, 61",
        "6100, 62, 6100",
        "616161, 63, 62",
        "616263, 616263, 616263",
        "ffffff, ffffff00, ffffff"
    })
    void between(String last, String next, String expected) {
        byte[] separator =
                separator(HexFormat.of().parseHex(last), HexFormat.of().parseHex(next));
        assertThat(HexFormat.of().formatHex(separator)).isEqualTo(expected);
    }

    @Test
    void isNeverOutsideAndNeverLonger() {
        Seeds.run(getClass(), 20_000, seed -> {
            RandomKeys keys = new RandomKeys(new Random(seed));
            byte[] a = keys.key();
            byte[] b = keys.key();
            byte[] last = Arrays.compareUnsigned(a, b) <= 0 ? a : b;
            byte[] next = last == a ? b : a;
            byte[] separator = separator(last, next);
            assertThat(Arrays.compareUnsigned(last, separator)).isLessThanOrEqualTo(0);
            assertThat(Arrays.equals(last, next) || Arrays.compareUnsigned(separator, next) < 0)
                    .isTrue();
            assertThat(separator.length).isLessThanOrEqualTo(last.length);
        });
    }

    private static byte[] separator(byte[] last, byte[] next) {
        byte[] padded = Arrays.copyOf(last, last.length + 5);
        byte[] shifted = new byte[next.length + 2];
        System.arraycopy(next, 0, shifted, 2, next.length);
        return Separators.between(padded, last.length, shifted, 2, next.length);
    }
}
