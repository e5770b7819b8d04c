package io.forebay.store.util;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/** How much direct memory this JVM allows all of its users together, as far as it says so. */
public final class DirectMemory {
    private static final String OPTION = "MaxDirectMemorySize";

    private DirectMemory() {}

    /**
     * What is known at one moment.
     *
     * @param limit bytes
     * @param byDefault nobody has set it, so that it is what the heap may grow to
     * @param used bytes that everybody has taken
     */
    public record State(long limit, boolean byDefault, long used) {}

    /** Null when the JVM has no management interface, or not this one. */
    public static State now() {
        try {
            return Management.state();
        } catch (LinkageError | IllegalArgumentException e) {
            return null; // modules that a run-time image may leave out
        }
    }

    /** The only one that touches the management interfaces. */
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
