package io.forebay.bench.costs;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What checksums cost. A store never goes without them, so nothing can be compared; but they are CRC-32C over blocks of 4 KiB
 * in direct memory, and that can be timed by itself, over memory that is not in the caches of the processor.
 */
final class ChecksumCost {
    private static final int BLOCK = 4096;
    private static final int BYTES = 64 << 20;

    private ChecksumCost() {}

    /** Nanoseconds for each byte. */
    static double nanosPerByte() {
        ByteBuffer blocks = ByteBuffer.allocateDirect(BYTES);
        for (int at = 0; at < BYTES; at += Long.BYTES) {
            blocks.putLong(at, at * 0x9E3779B97F4A7C15L);
        }
        double best = Double.MAX_VALUE;
        long sum = 0;
        for (int pass = 0; pass < 10; pass++) {
            long started = System.nanoTime();
            for (int at = 0; at < BYTES; at += BLOCK) {
                CRC32C crc = new CRC32C();
                crc.update(blocks.slice(at, BLOCK));
                sum += crc.getValue();
            }
            best = Math.min(best, (System.nanoTime() - started) / (double) BYTES);
        }
        if (sum == 0) {
            throw new IllegalStateException("No checksum was made");
        }
        return best;
    }
}
