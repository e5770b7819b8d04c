package io.forebay.store.sst.block;

import io.forebay.store.testing.RandomKeys;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;

/** Keys of one block, of the kinds that searches have to tell apart, and keys near them. */
final class BlockKeys {
    private final Random random;
    private final RandomKeys letters;
    private final TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);

    BlockKeys(Random random) {
        this.random = random;
        this.letters = new RandomKeys(random);
    }

    /** One to {@code most} keys, rising, of one kind. */
    byte[][] sorted(int most) {
        int wanted = 1 + random.nextInt(most);
        int kind = random.nextInt(7);
        byte[] prefix = random.nextInt(3) == 0 ? bytes(random.nextInt(150)) : new byte[0];
        byte[] base = bytes(300 + random.nextInt(300));
        for (int i = 0; i < wanted; i++) {
            keys.add(join(prefix, key(kind, base)));
        }
        return keys.toArray(byte[][]::new);
    }

    private byte[] key(int kind, byte[] base) {
        switch (kind) {
            case 0:
                return letters.key();
            case 1:
                return bytes(16);
            case 2:
                return flinkMapRow();
            case 3:
                return kafkaWindow();
            case 4:
                return changed(Arrays.copyOf(base, 40), 40);
            case 5:
                // Positions that a head cannot have, and keys that end before others differ.
                return Arrays.copyOf(changed(base, base.length), 1 + random.nextInt(base.length));
            default:
                return zeros();
        }
    }

    private byte[] flinkMapRow() {
        ByteBuffer row = ByteBuffer.allocate(2 + 8 + 1 + 4);
        row.putShort((short) random.nextInt(2)).putLong(0x0102_0304_0000_0000L + random.nextInt(4));
        return row.put((byte) 'n').putInt(random.nextInt(300)).array();
    }

    private byte[] kafkaWindow() {
        byte[] key = ("user-" + random.nextInt(12)).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        long time = 1_700_000_000_000L + 60_000L * random.nextInt(5);
        return join(key, ByteBuffer.allocate(12).putLong(time).putInt(0).array());
    }

    private byte[] zeros() {
        byte[] key = new byte[random.nextInt(20)];
        for (int i = random.nextInt(3); i > 0 && key.length > 0; i--) {
            key[random.nextInt(key.length)] = (byte) random.nextInt(3);
        }
        return key;
    }

    /** A copy in which one or two bytes among the first {@code within} are others. */
    private byte[] changed(byte[] key, int within) {
        byte[] changed = key.clone();
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            changed[random.nextInt(within)] += (byte) (1 - 2 * random.nextInt(2));
        }
        return changed;
    }

    /** A key that differs from {@code key} at a position of choice, or ends there, or goes on behind it. */
    byte[] near(byte[] key, int position) {
        switch (random.nextInt(5)) {
            case 0:
                return Arrays.copyOf(key, position);
            case 1:
                return Arrays.copyOf(key, key.length + 1 + random.nextInt(2));
            case 2:
                return join(key, bytes(1 + random.nextInt(9)));
            case 3:
                return join(Arrays.copyOf(key, position), bytes(random.nextInt(12)));
            default:
                byte[] changed = key.clone();
                if (position < key.length) {
                    changed[position] += (byte) (1 - 2 * random.nextInt(2));
                }
                return changed;
        }
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
