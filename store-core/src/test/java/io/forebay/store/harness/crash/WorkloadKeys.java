package io.forebay.store.harness.crash;

import java.nio.charset.StandardCharsets;

/** The keys and values of workloads. */
final class WorkloadKeys {
    static final int COUNT = 24;
    private static final byte[][] KEYS = new byte[COUNT][];

    static {
        for (int i = 0; i < COUNT; i++) {
            KEYS[i] = bytes("k" + (char) ('a' + i));
        }
    }

    private WorkloadKeys() {}

    static byte[] key(int number) {
        return KEYS[Math.floorMod(number, COUNT)];
    }

    static byte[] value(int step, int number) {
        return bytes("value " + step + "/" + number + " ".repeat(7 + (step + number) % 5 * 9) + "end");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
