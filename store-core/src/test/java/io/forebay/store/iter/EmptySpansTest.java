package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.key.KeyText;
import io.forebay.store.testing.Seeds;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EmptySpansTest {
    /** Keys of the model: all of up to three bytes of an alphabet of three, in order, and the end of all keys. */
    private static final byte[][] KEYS = keys();

    @Test
    void touchingSpansBecomeOne() {
        EmptySpans spans = EmptySpans.NONE
                .with(bytes(1), bytes(2))
                .with(bytes(3), bytes(4))
                .with(bytes(2), bytes(3));
        assertThat(spans.describe(KeyText.PLAIN)).isEqualTo("[01, 04) ");
        assertThat(spans.with(bytes(3), null).describe(KeyText.PLAIN)).isEqualTo("[01, end) ");
        assertThat(spans.with(bytes(0), bytes(9)).describe(KeyText.PLAIN)).isEqualTo("[00, 09) ");
    }

    @Test
    void aKeyInsideCutsASpanInTwo() {
        EmptySpans spans = used(EmptySpans.NONE.with(bytes(1), bytes(5)));
        assertThat(spans.without(bytes(3), 0, 1).describe(KeyText.PLAIN)).isEqualTo("[01, 03) [0300, 05) ");
        assertThat(spans.without(bytes(1), 0, 1).describe(KeyText.PLAIN)).isEqualTo("[0100, 05) ");
        assertThat(spans.without(bytes(5), 0, 1)).isSameAs(spans);
        assertThat(used(EmptySpans.NONE.with(bytes(1), bytes(1, 0)))
                        .without(bytes(1), 0, 1)
                        .describe(KeyText.PLAIN))
                .isEqualTo("");
        assertThat(used(EmptySpans.NONE.with(bytes(1), bytes(2, 0)))
                        .without(bytes(2), 0, 1)
                        .describe(KeyText.PLAIN))
                .isEqualTo("[01, 02) ");
    }

    @Test
    void aKeyInsideEndsASpanOfNoUse() {
        EmptySpans spans = EmptySpans.NONE.with(bytes(1), bytes(5)).with(bytes(7), bytes(9));
        assertThat(spans.without(bytes(3), 0, 1).describe(KeyText.PLAIN)).isEqualTo("[07, 09) ");
        assertThat(spans.without(bytes(8), 0, 1).describe(KeyText.PLAIN)).isEqualTo("[01, 05) ");
    }

    @Test
    void onlyUsedSpansGrowOld() {
        EmptySpans spans = EmptySpans.NONE.with(bytes(1), bytes(2)).with(bytes(4), bytes(5));
        spans.to(spans.containing(bytes(4), 0, 1));
        EmptySpans aged = spans.used();
        assertThat(aged.describe(KeyText.PLAIN)).isEqualTo("[04, 05) ");
        assertThat(aged.used().isEmpty()).isTrue();
    }

    @Test
    void thereIsAnEndToTheirNumber() {
        EmptySpans spans = EmptySpans.NONE;
        for (int i = 0; i < 1000; i++) {
            byte[] key = {(byte) (i >>> 8), (byte) i};
            spans = spans.with(key, Arrays.copyOf(key, 3));
            assertThat(spans.containing(key, 0, 2)).isNotNegative();
            if (i % 7 == 0) {
                spans.to(spans.containing(key, 0, 2));
            }
        }
        assertThat(spans.size()).isLessThanOrEqualTo(128);
        spans = used(EmptySpans.NONE.with(new byte[0], null));
        for (int i = 0; i < 1000; i++) {
            spans = spans.without(new byte[] {(byte) (i * 31 >>> 8), (byte) (i * 31)}, 0, 2);
            assertThat(spans.size()).isLessThanOrEqualTo(128);
        }
    }

    @Test
    void whatIsToPushNothingOutMayStillGrowASpan() {
        EmptySpans spans = EmptySpans.NONE;
        for (int i = 0; i < 128; i++) {
            spans = spans.withIfRoom(bytes(i, 1), bytes(i, 2));
        }
        assertThat(spans.size()).isEqualTo(128);
        assertThat(spans.withIfRoom(bytes(200, 1), bytes(200, 2))).isSameAs(spans);
        EmptySpans grown = spans.withIfRoom(bytes(5, 2), bytes(5, 9));
        assertThat(grown.size()).isEqualTo(128);
        assertThat(grown.containing(bytes(5, 8), 0, 2)).isEqualTo(5);
    }

    /** Never says that a key lies in a span where none was added since the key was taken out. */
    @Test
    void agreesWithASetOfKeys() {
        Seeds.run(getClass(), 3000, seed -> {
            Random random = new Random(seed);
            BitSet model = new BitSet();
            EmptySpans spans = EmptySpans.NONE;
            for (int step = 0; step < 30; step++) {
                int from = random.nextInt(KEYS.length);
                if (random.nextInt(3) > 0) {
                    int to = from + 1 + random.nextInt(KEYS.length - from);
                    spans = spans.with(KEYS[from], to == KEYS.length ? null : KEYS[to]);
                    model.set(from, to);
                } else {
                    byte[] padded = new byte[KEYS[from].length + 3];
                    System.arraycopy(KEYS[from], 0, padded, 2, KEYS[from].length);
                    spans = spans.without(padded, 2, KEYS[from].length);
                    model.clear(from);
                }
                check(spans, model);
            }
        });
    }

    private static void check(EmptySpans spans, BitSet model) {
        for (int i = 0; i < KEYS.length; i++) {
            byte[] key = KEYS[i];
            int index = spans.containing(key, 0, key.length);
            assertThat(index >= 0).as("%s has %s", spans, Arrays.toString(key)).isEqualTo(model.get(i));
            if (index >= 0) {
                assertThat(indexOf(spans.to(index))).isLessThanOrEqualTo(model.nextClearBit(i));
                assertThat(indexOf(spans.from(index))).isGreaterThan(model.previousClearBit(i));
            }
            int before = spans.endingAtOrAfter(key, 0, key.length);
            if (before >= 0) {
                assertThat(Arrays.compareUnsigned(spans.from(before), key)).isNegative();
                // A span may begin right behind a key of the model, and so hold none of them.
                int first = indexOf(spans.from(before));
                assertThat(model.nextClearBit(first)).isGreaterThanOrEqualTo(i);
            } else if (i > 0 && key.length == 3 && key[2] > 0) {
                // With longer keys there would be room between the two.
                assertThat(model.get(i - 1) && model.get(i)).isFalse();
            }
        }
        byte[] last = spans.startOfLast();
        if (last != null) {
            assertThat(model.nextClearBit(indexOf(last))).isGreaterThanOrEqualTo(KEYS.length);
        } else {
            assertThat(model.get(KEYS.length - 1)).isFalse();
        }
    }

    private static EmptySpans used(EmptySpans spans) {
        for (int i = 0; i < spans.size(); i++) {
            spans.from(i);
        }
        return spans;
    }

    /** Index of the first key of the model at or after {@code key}. */
    private static int indexOf(byte[] key) {
        if (key == null) {
            return KEYS.length;
        }
        int at = 0;
        while (at < KEYS.length && Arrays.compareUnsigned(KEYS[at], key) < 0) {
            at++;
        }
        return at;
    }

    private static byte[][] keys() {
        byte[][] keys = new byte[1 + 3 + 9 + 27][];
        int count = 0;
        keys[count++] = new byte[0];
        for (int a = 0; a < 3; a++) {
            keys[count++] = bytes(a);
            for (int b = 0; b < 3; b++) {
                keys[count++] = bytes(a, b);
                for (int c = 0; c < 3; c++) {
                    keys[count++] = bytes(a, b, c);
                }
            }
        }
        return keys;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
