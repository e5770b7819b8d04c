package io.forebay.kafkatests.published;

import java.util.concurrent.atomic.AtomicLong;
import net.bytebuddy.asm.Advice;

/** Counts the stores that are opened; woven into the methods that open them. Any thread. */
public final class OpenedStores {
    public static final AtomicLong FOREBAY = new AtomicLong();
    public static final AtomicLong ROCKS_DB = new AtomicLong();

    private OpenedStores() {}

    /** At the opening of one of Forebay's stores. */
    public static final class Forebay {
        private Forebay() {}

        @Advice.OnMethodEnter
        public static void count() {
            FOREBAY.incrementAndGet();
        }
    }

    /** At the opening of one of RocksDB's databases, or of the segments of a store. */
    public static final class RocksDb {
        private RocksDb() {}

        @Advice.OnMethodEnter
        public static void count() {
            ROCKS_DB.incrementAndGet();
        }
    }
}
