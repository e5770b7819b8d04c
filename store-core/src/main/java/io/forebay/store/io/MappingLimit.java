package io.forebay.store.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many files may be mapped at a time, by all environments together: the system counts the mappings of a process, and when it has
 * as many as it may, the JVM ends as soon as it needs one itself. Thread-safe.
 */
final class MappingLimit {
    /** A quarter of what Linux gives a process unless told otherwise; the rest is for the JVM and others. */
    private static final int MOST = 16_384;

    private static final int PART = 4;
    static final Path SYSTEM = Path.of("/proc/sys/vm/max_map_count");
    /** Of this process. */
    static final MappingLimit PROCESS = new MappingLimit(most(SYSTEM));

    private final int most;
    private final AtomicInteger mapped = new AtomicInteger();

    MappingLimit(int most) {
        this.most = most;
    }

    /** @param system a file with the number of mappings that a process may have; other systems than Linux have none */
    static int most(Path system) {
        try (InputStream file = Files.newInputStream(system)) {
            // in one read: Linux delivers such a file from its beginning only, whatever was read of it
            byte[] digits = new byte[64];
            int length = Math.max(0, file.read(digits));
            String count = new String(digits, 0, length, StandardCharsets.US_ASCII);
            return (int) Math.min(MOST, Long.parseLong(count.trim()) / PART);
        } catch (IOException | NumberFormatException e) {
            return MOST;
        }
    }

    /** Counts one more file, unless there are as many as there may be; {@link #giveBack} follows. */
    boolean tryTake() {
        int now = mapped.get();
        while (now < most) {
            if (mapped.compareAndSet(now, now + 1)) {
                return true;
            }
            now = mapped.get();
        }
        return false;
    }

    void giveBack() {
        mapped.decrementAndGet();
    }

    /** How many files are mapped now. */
    int mapped() {
        return mapped.get();
    }

    boolean isReached() {
        return mapped() >= most;
    }
}
