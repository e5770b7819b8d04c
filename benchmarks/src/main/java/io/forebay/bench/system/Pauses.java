package io.forebay.bench.system;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/** Pauses of garbage collections in this process. */
public final class Pauses {
    private static final List<GarbageCollectorMXBean> COLLECTORS = new ArrayList<>();

    /** Longest pause since the beginning of the last window. */
    private static final AtomicLong LONGEST_MILLIS = new AtomicLong();

    static {
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            // Collectors that work beside the program have a bean for their pauses and one for their whole cycles.
            if (collector.getName().contains("Concurrent")
                    || collector.getName().contains("Cycles")) {
                continue;
            }
            COLLECTORS.add(collector);
            if (collector instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(
                        (notification, handback) -> took(
                                GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData())),
                        notification -> notification
                                .getType()
                                .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION),
                        null);
            }
        }
    }

    private Pauses() {}

    private static void took(GarbageCollectionNotificationInfo collection) {
        LONGEST_MILLIS.accumulateAndGet(collection.getGcInfo().getDuration(), Math::max);
    }

    /** Starts counting; ends the window that was begun before. */
    public static Window begin() {
        LONGEST_MILLIS.set(0);
        return new Window(totalMillis());
    }

    private static long totalMillis() {
        long millis = 0;
        for (GarbageCollectorMXBean collector : COLLECTORS) {
            millis += Math.max(0, collector.getCollectionTime());
        }
        return millis;
    }

    /** Pauses since {@link #begin}. */
    public static final class Window {
        private final long before;

        private Window(long before) {
            this.before = before;
        }

        public long totalNanos() {
            return TimeUnit.MILLISECONDS.toNanos(totalMillis() - before);
        }

        /** Of one pause, in steps of a millisecond; notifications may come a moment late. */
        public long longestNanos() {
            return Math.min(totalNanos(), TimeUnit.MILLISECONDS.toNanos(LONGEST_MILLIS.get()));
        }
    }
}
