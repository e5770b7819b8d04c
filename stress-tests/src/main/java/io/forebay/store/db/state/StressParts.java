package io.forebay.store.db.state;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** What states of jcstress are made of: nothing runs in the background but what an actor does. */
final class StressParts {
    /** Memory that shows that it was given back. */
    static final SlabAllocator POISON = new SlabAllocator() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {
            Arrays.fill(buffer.array(), (byte) 99);
        }
    };

    private StressParts() {}

    /** Counts the work that it is given, and runs none of it. */
    static final class IdleExecutor implements BackgroundExecutor {
        private final AtomicInteger work = new AtomicInteger();

        /** How much was handed over so far. */
        int work() {
            return work.get();
        }

        @Override
        public void execute(Kind kind, Runnable piece) {
            work.incrementAndGet();
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable piece) {
            return () -> {};
        }

        @Override
        public boolean help() {
            return false;
        }

        @Override
        public void close() {}
    }
}
