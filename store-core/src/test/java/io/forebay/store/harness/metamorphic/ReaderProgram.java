package io.forebay.store.harness.metamorphic;

import java.util.Random;

/** What one reader does, an operation at a time: gets and scans, and iterators that it moves about in for a while. */
final class ReaderProgram {
    private final Random random;
    private final Vocabulary words;
    private final String name;
    private int iterators;
    private int movesLeft = -1;
    private Operation next;

    ReaderProgram(long seed, String name, Vocabulary words) {
        random = new Random(seed);
        this.name = name;
        this.words = words;
        advance();
    }

    /** What it will do next. */
    Operation peek() {
        return next;
    }

    Operation take() {
        Operation taken = next;
        advance();
        return taken;
    }

    private void advance() {
        next = movesLeft < 0 ? outside() : inside();
    }

    private Operation outside() {
        int dice = random.nextInt(6);
        if (dice == 0) {
            String direction = random.nextBoolean() ? Words.FORWARD : Words.REVERSE;
            return Operation.of(Verb.SCAN, Words.NOW, words.range(), direction);
        }
        if (dice < 3) {
            return Operation.of(Verb.GET, Words.NOW, words.key());
        }
        movesLeft = random.nextInt(30);
        iterators++;
        return Operation.of(Verb.ITER, iterator(), Words.NOW, words.range());
    }

    private Operation inside() {
        if (movesLeft-- == 0) {
            return Operation.of(Verb.CLOSE, iterator());
        }
        return switch (random.nextInt(8)) {
            case 0 -> Operation.of(Verb.FIRST, iterator());
            case 1 -> Operation.of(Verb.LAST, iterator());
            case 2 -> Operation.of(Verb.SEEK, iterator(), words.key());
            case 3 -> Operation.of(Verb.SEEKPREV, iterator(), words.key());
            case 4, 5 -> Operation.of(Verb.NEXT, iterator(), Integer.toString(1 + random.nextInt(3)));
            default -> Operation.of(Verb.PREV, iterator(), Integer.toString(1 + random.nextInt(3)));
        };
    }

    private String iterator() {
        return name + "x" + iterators;
    }
}
