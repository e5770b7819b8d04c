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
            return Management.state();
        } catch (LinkageError | IllegalArgumentException e) {
            return null; // a run-time image may leave out these modules
        }
    }

    /** The only class that uses the management interfaces. */
    private static final class Management {
        static State state() {
            HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            if (options == null) {
                return null;
            }
            VMOption option = options.getVMOption(OPTION);
            boolean byDefault = option.getOrigin() == VMOption.Origin.DEFAULT;
            long limit = byDefault ? Runtime.getRuntime().maxMemory() : Long.parseLong(option.getValue());
            return new State(limit, byDefault, used());
        }

        private static long used() {
            for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
                if (pool.getName().equals("direct")) {
                    return pool.getMemoryUsed();
                }
            }
            return 0;
        }
    }
}
