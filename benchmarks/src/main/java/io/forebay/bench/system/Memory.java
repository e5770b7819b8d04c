package io.forebay.bench.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process needs.
 *
 * @param heapBytes objects that are live on the heap
 * @param anonymousBytes resident outside of the heap, of memory that belongs to this process alone
 * @param fileBytes resident pages of mapped files, the JVM's own among them: the system takes them back when it needs memory
 */
public record Memory(long heapBytes, long anonymousBytes, long fileBytes) {
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final Pattern HEAP = Pattern.compile("\\[0x([0-9a-f]+), 0x([0-9a-f]+)(?:, 0x([0-9a-f]+))?\\)");
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) .*");
    private static final Pattern SIZE = Pattern.compile("(Rss|Anonymous): +(\\d+) kB");

    /**
     * Collects garbage and takes the figures: how far the heap has grown before plays no part. Where the system does not tell
     * about mappings, it is the heap alone.
     */
    public static Memory live() {
        System.gc();
        long heapBytes =
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        if (!java.nio.file.Files.isReadable(MAPPINGS)) {
            return new Memory(heapBytes, 0, 0);
        }
        long[] heap = heapRange();
        long resident = 0;
        long anonymous = 0;
        boolean counts = true;
        try {
            for (String line : java.nio.file.Files.readAllLines(MAPPINGS)) {
                Matcher mapping = MAPPING.matcher(line);
                if (mapping.matches()) {
                    long from = Long.parseUnsignedLong(mapping.group(1), 16);
                    counts = Long.compareUnsigned(from, heap[0]) < 0 || Long.compareUnsigned(from, heap[1]) >= 0;
                    continue;
                }
                Matcher size = SIZE.matcher(line);
                if (counts && size.matches()) {
                    long bytes = Long.parseLong(size.group(2)) << 10;
                    if (size.group(1).equals("Rss")) {
                        resident += bytes;
                    } else {
                        anonymous += bytes;
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Memory(heapBytes, anonymous, resident - anonymous);
    }

    public long bytes() {
        return heapBytes + anonymousBytes + fileBytes;
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
