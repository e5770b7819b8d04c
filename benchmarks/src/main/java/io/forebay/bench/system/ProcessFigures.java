package io.forebay.bench.system;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/**
 * Counters of this process and of the calling thread. Those of the operating system come from {@code /proc} and are zero
 * where there is none.
 *
 * @param allocatedBytes by this thread on the Java heap
 * @param writtenBytes handed to the operating system
 * @param reads system calls that read
 * @param residentBytes memory that the process occupies now
 * @param pauseNanos of garbage collections
 */
public record ProcessFigures(long allocatedBytes, long writtenBytes, long reads, long residentBytes, long pauseNanos) {
    private static final Path IO = Path.of("/proc/self/io");
    private static final Path STATUS = Path.of("/proc/self/status");

    public static ProcessFigures now() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long pauses = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            pauses += collector.getCollectionTime();
        }
        return new ProcessFigures(
                threads.getThreadAllocatedBytes(Thread.currentThread().getId()),
                value(IO, "wchar:"),
                value(IO, "syscr:"),
                value(STATUS, "VmRSS:") << 10,
                pauses * 1_000_000);
    }

    private static long value(Path file, String name) {
        if (!java.nio.file.Files.isReadable(file)) {
            return 0;
        }
        try {
            for (String line : java.nio.file.Files.readAllLines(file)) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.substring(name.length()).trim().split(" ")[0]);
                }
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
