package io.forebay.bench.system;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Counters of this process and of the calling thread. Those of the operating system come from {@code /proc} and are zero
 * where there is none.
 *
 * @param allocatedBytes by this thread on the Java heap
 * @param writtenBytes handed to the operating system
 * @param reads system calls that read
 * @param readBytes returned by them
 * @param residentBytes memory that the process occupies now
 */
public record ProcessFigures(long allocatedBytes, long writtenBytes, long reads, long readBytes, long residentBytes) {
    private static final Path IO = Path.of("/proc/self/io");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What taking the figures itself adds between two of them. */
    public static final long OWN_READS;

    public static final long OWN_READ_BYTES;

    public static final long OWN_ALLOCATION;

    static {
        ProcessFigures first = now();
        for (int i = 0; i < 10; i++) {
            first = now();
        }
        ProcessFigures second = now();
        OWN_READS = second.reads - first.reads;
        OWN_READ_BYTES = second.readBytes - first.readBytes;
        OWN_ALLOCATION = second.allocatedBytes - first.allocatedBytes;
    }

    public static ProcessFigures now() {
        String io = text(IO);
        return new ProcessFigures(
                THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()),
                value(io, "wchar:"),
                value(io, "syscr:"),
                value(io, "rchar:"),
                value(text(STATUS), "VmRSS:") << 10);
    }

    private static String text(Path file) {
        if (!java.nio.file.Files.isReadable(file)) {
            return "";
        }
        try {
            return java.nio.file.Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The number after {@code name}, which is at the beginning of a line; 0 when it is missing. */
    private static long value(String text, String name) {
        int at = text.startsWith(name) ? 0 : text.indexOf("\n" + name) + 1;
        if (at == 0 && !text.startsWith(name)) {
            return 0;
        }
        int from = at + name.length();
        while (from < text.length() && Character.isWhitespace(text.charAt(from))) {
            from++;
        }
        int to = from;
        while (to < text.length() && Character.isDigit(text.charAt(to))) {
            to++;
        }
        return Long.parseLong(text, from, to, 10);
    }
}
