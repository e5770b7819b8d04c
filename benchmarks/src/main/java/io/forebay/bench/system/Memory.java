package io.forebay.bench.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/** What this process needs: live objects on the heap, and everything outside of it. */
public final class Memory {
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final Pattern HEAP = Pattern.compile("\\[0x([0-9a-f]+), 0x([0-9a-f]+)(?:, 0x([0-9a-f]+))?\\)");
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) .*");
    private static final Pattern RESIDENT = Pattern.compile("Rss: +(\\d+) kB");

    private Memory() {}

    /**
     * Collects garbage, and returns the bytes that are live on the heap and those that are resident outside of it: how far the heap
     * has grown before plays no part. Where the system does not tell about mappings, it is the heap alone.
     */
    public static long liveBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() + residentOutsideOfHeap();
    }

    private static long residentOutsideOfHeap() {
        if (!java.nio.file.Files.isReadable(MAPPINGS)) {
            return 0;
        }
        long[] heap = heapRange();
        long resident = 0;
        boolean counts = true;
        try {
            for (String line : java.nio.file.Files.readAllLines(MAPPINGS)) {
                Matcher mapping = MAPPING.matcher(line);
                if (mapping.matches()) {
                    long from = Long.parseUnsignedLong(mapping.group(1), 16);
                    counts = Long.compareUnsigned(from, heap[0]) < 0 || Long.compareUnsigned(from, heap[1]) >= 0;
                    continue;
                }
                Matcher size = RESIDENT.matcher(line);
                if (counts && size.matches()) {
                    resident += Long.parseLong(size.group(1)) << 10;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return resident;
    }

    /** Lowest and highest address of the heap, as the virtual machine tells it. */
    private static long[] heapRange() {
        String heap;
        try {
            heap = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcHeapInfo",
                            new Object[] {null},
                            new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new IllegalStateException("The virtual machine does not tell where its heap is", e);
        }
        // Metaspace comes last and has no addresses.
        long from = -1L;
        long to = 0;
        for (Matcher range = HEAP.matcher(heap); range.find(); ) {
            long low = Long.parseUnsignedLong(range.group(1), 16);
            String last = range.group(3) == null ? range.group(2) : range.group(3);
            long high = Long.parseUnsignedLong(last, 16);
            from = Long.compareUnsigned(low, from) < 0 ? low : from;
            to = Long.compareUnsigned(high, to) > 0 ? high : to;
        }
        if (to == 0) {
            throw new IllegalStateException("No addresses in: " + heap);
        }
        return new long[] {from, to};
    }
}
