package io.forebay.store.util;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** How much direct memory this JVM allows in all, as far as it tells. */
public final class DirectMemory {
    private static final String OPTION = "MaxDirectMemorySize";

    private DirectMemory() {}

    /**
     * The limit and the use at one moment.
     *
     * @param limit bytes
     * @param byDefault true when the limit is not set, so that it is the maximum size of the heap
     * @param used bytes that all users in the JVM have taken
     */
    public record State(long limit, boolean byDefault, long used) {}

    /** Null when the JVM does not have the management interface for it. */
    public static State now() {
        try {
            return Management.DIRECT == null
                    ? null
                    : new State(Management.LIMIT, Management.BY_DEFAULT, Management.DIRECT.getMemoryUsed());
        } catch (LinkageError e) {
            return null; // a run-time image may leave out these modules
        }
    }

    /** The bytes that the JVM can give without a garbage collection; 0 when it does not tell. */
    static long freeBytes() {
        try {
            return Management.DIRECT == null
                    ? 0
                    : Math.max(0, Management.LIMIT - Management.DIRECT.getTotalCapacity()); // what the limit is for
        } catch (LinkageError e) {
            return 0;
        }
    }

    /** The only class that uses the management interfaces. */
    private static final class Management {
        static final boolean BY_DEFAULT;
        static final long LIMIT;
        /** Null when the JVM does not tell its use or its limit. */
        static final BufferPoolMXBean DIRECT;

        static {
            HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            VMOption option = options == null ? null : options.getVMOption(OPTION);
            long set = option == null ? 0 : Long.parseLong(option.getValue());
            BY_DEFAULT = set == 0; // what a 0 that is set means, too
            LIMIT = BY_DEFAULT ? Runtime.getRuntime().maxMemory() : set;
            DIRECT = option == null ? null : directPool();
        }

        private static BufferPoolMXBean directPool() {
            for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
                if (pool.getName().equals("direct")) {
                    return pool;
                }
            }
            return null;
        }
    }
}
