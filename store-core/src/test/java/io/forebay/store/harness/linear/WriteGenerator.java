package io.forebay.store.harness.linear;

import io.forebay.store.WriteBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Random writes of one thread, each with values that nobody else writes. */
final class WriteGenerator {
    /** Keys that most writes and reads meet in. */
    private static final int HOT = 4;

    private final Random random;
    private final int thread;
    private final int longBytes;
    private int written;
    /** Where a range delete began or ended. */
    private int border;

    /** @param longBytes length of long values */
    WriteGenerator(Random random, int thread, int longBytes) {
        this.random = random;
        this.thread = thread;
        this.longBytes = longBytes;
    }

    static int key(Random random) {
        return random.nextBoolean() ? 3 * random.nextInt(HOT) : random.nextInt(KeySpace.KEYS);
    }

    private byte[] value(int length) {
        byte[] name = (thread + "." + written++).getBytes(StandardCharsets.ISO_8859_1);
        if (name.length >= length) {
            return name;
        }
        byte[] padded = Arrays.copyOf(name, length);
        Arrays.fill(padded, name.length, length, (byte) '_');
        return padded;
    }

    private byte[] value() {
        return value(random.nextInt(4) == 0 ? random.nextInt(120) : 0);
    }

    /** A put, a merge, a delete or, now and then, a range delete. */
    Effect single() {
        int key = key(random);
        int dice = random.nextInt(100);
        if (dice < 55) {
            return Effect.put(key, value());
        }
        if (dice < 80) {
            return Effect.merge(key, value(0));
        }
        if (dice < 97) {
            return Effect.delete(key);
        }
        return range(key);
    }

    /** Anywhere, or at a border: of the keys, or of a range before. */
    private Effect range(int key) {
        int from = random.nextInt(3) == 0 ? border : key;
        int to = Math.min(KeySpace.KEYS, from + 1 + random.nextInt(KeySpace.KEYS / 4));
        switch (random.nextInt(8)) {
            case 0 -> from = 0;
            case 1 -> to = KeySpace.KEYS;
            case 2 -> to = from + 1;
            default -> {
                // as it is
            }
        }
        border = random.nextBoolean() ? to % KeySpace.KEYS : from;
        return Effect.deleteRange(from, to);
    }

    List<Effect> small() {
        List<Effect> effects = new ArrayList<>();
        for (int i = 2 + random.nextInt(8); i > 0; i--) {
            effects.add(single());
        }
        return effects;
    }

    /** Long values up to {@code bytes} in all, with other writes before, between and after them. */
    List<Effect> large(long bytes) {
        List<Effect> effects = new ArrayList<>(small());
        int key = 2;
        for (long left = bytes; left > 0; left -= longBytes) {
            effects.add(Effect.put(key, value(longBytes)));
            key = (key + 3) % KeySpace.KEYS;
            if (random.nextInt(3) == 0) {
                effects.add(single());
            }
        }
        effects.addAll(small());
        return effects;
    }

    /** Puts of ascending keys. */
    List<Effect> ingest() {
        List<Effect> effects = new ArrayList<>();
        for (int key = 0; key < KeySpace.KEYS; key++) {
            if (random.nextInt(4) == 0) {
                effects.add(Effect.put(key, value()));
            }
        }
        return effects;
    }

    static WriteBatch toBatch(List<Effect> effects) {
        WriteBatch batch = new WriteBatch();
        for (Effect effect : effects) {
            byte[] key = KeySpace.bytes(effect.key());
            switch (effect.kind()) {
                case PUT -> batch.put(key, effect.value().bytes());
                case DELETE -> batch.delete(key);
                case MERGE -> batch.merge(key, effect.value().bytes());
                case DELETE_RANGE -> batch.deleteRange(key, KeySpace.bytes(effect.to()));
            }
        }
        return batch;
    }
}
