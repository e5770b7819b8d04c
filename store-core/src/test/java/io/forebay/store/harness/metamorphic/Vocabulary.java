package io.forebay.store.harness.metamorphic;

import java.util.Arrays;
import java.util.Random;

/** Keys and values of one history, as words: few enough keys that operations meet. */
final class Vocabulary {
    private static final byte[] LETTERS = {0, 'a', 'b', 'c', (byte) 0xFF};

    private enum Style {
        /** All short strings of few letters, among them the extremes. */
        LETTERS,
        /** A handful of keys, so that every one has a past. */
        FEW,
        NUMBERED,
        LONG_PREFIX
    }

    private final Random random;
    private final Style style;
    private final int universe;
    private final boolean large;
    /** Of a hundred values. */
    private final int droppable;

    private int values;

    Vocabulary(Random random) {
        this.random = random;
        style = Style.values()[random.nextInt(Style.values().length)];
        universe = 4 + random.nextInt(style == Style.FEW ? 8 : 300);
        large = random.nextInt(4) == 0;
        droppable = random.nextInt(3) == 0 ? 60 : 5;
    }

    /** Whether a history of these words is about filters. */
    boolean isMostlyDroppable() {
        return droppable > 50;
    }

    String key() {
        return Words.word(keyBytes());
    }

    /** A key or no bound. */
    String end() {
        return random.nextInt(10) == 0 ? Words.NO_BOUND : key();
    }

    String prefix() {
        byte[] key = keyBytes();
        return Words.word(Arrays.copyOf(key, Math.min(key.length, 1 + random.nextInt(key.length + 1))));
    }

    /** Two keys in order, seldom not. */
    byte[][] pair() {
        byte[] a = keyBytes();
        byte[] b = keyBytes();
        boolean swap = Arrays.compareUnsigned(a, b) > 0 && random.nextInt(20) > 0;
        return swap ? new byte[][] {b, a} : new byte[][] {a, b};
    }

    String range() {
        byte[][] pair = pair();
        return Words.range(random.nextInt(6) == 0 ? null : pair[0], random.nextInt(6) == 0 ? null : pair[1]);
    }

    /** A value that no other operation writes, now and then very long or empty, or one that a filter may drop. */
    String value() {
        String unique = "v" + values++;
        if (random.nextInt(100) < droppable) {
            String mark = random.nextInt(3) > 0 ? "" + Droppable.MARK : "" + Droppable.TIMED + random.nextInt(80) + "x";
            return mark + unique + "~" + (1 + random.nextInt(60));
        }
        int dice = random.nextInt(95);
        if (dice < 60) {
            return unique;
        }
        if (dice < 80) {
            return unique + "~" + (1 + random.nextInt(60));
        }
        if (dice < 90) {
            return unique + "~" + (1 + random.nextInt(500));
        }
        if (dice < 93) {
            return Words.word(new byte[0]);
        }
        if (!large) {
            return unique;
        }
        return unique + "~" + (random.nextInt(3) == 0 ? random.nextInt(150_000) : random.nextInt(9_000));
    }

    /** As {@link #value}, but of no kind that a filter drops. */
    String operand() {
        int dice = random.nextInt(20);
        String unique = "m" + values++;
        return dice == 0 ? Words.word(new byte[0]) : dice < 15 ? unique : unique + "~" + (1 + random.nextInt(200));
    }

    private byte[] keyBytes() {
        return switch (style) {
            case LETTERS -> letters(random.nextInt(6));
            case FEW -> Words.bytes("k" + random.nextInt(universe));
            case NUMBERED -> Words.bytes("k" + (1000 + random.nextInt(universe)));
            case LONG_PREFIX -> Words.bytes("a".repeat(30) + (random.nextInt(4) == 0 ? "" : random.nextInt(universe)));
        };
    }

    private byte[] letters(int length) {
        byte[] key = new byte[length];
        for (int i = 0; i < length; i++) {
            key[i] = LETTERS[random.nextInt(LETTERS.length)];
        }
        return key;
    }
}
