package io.forebay.kafka.window;

import java.nio.ByteBuffer;
import java.util.Random;

/** Keys that are prefixes of each other, look like times, and hold 0x00 and 0xFF; and times of all magnitudes. */
final class NastyKeys {
    private static final byte[] PARTS = {0, 0, 0, 1, 0x30, 0x7F, (byte) 0x80, (byte) 0xFF, (byte) 0xFF};

    private NastyKeys() {}

    static byte[] next(Random random) {
        ByteBuffer key = ByteBuffer.allocate(40);
        for (int parts = random.nextInt(4); parts > 0; parts--) {
            if (random.nextInt(4) == 0) {
                key.putLong(time(random));
            } else {
                key.put(PARTS[random.nextInt(PARTS.length)]);
            }
        }
        byte[] bytes = new byte[key.position()];
        key.flip().get(bytes);
        return bytes;
    }

    static long time(Random random) {
        return random.nextLong() >>> (1 + random.nextInt(63));
    }
}
