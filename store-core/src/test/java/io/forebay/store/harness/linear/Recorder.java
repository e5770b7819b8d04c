package io.forebay.store.harness.linear;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Stamps of calls, for all threads, and the calls of each. */
final class Recorder {
    private final AtomicLong stamps = new AtomicLong();
    private final List<ThreadLog> logs = new ArrayList<>();

    /** The calls of one thread, in order. Used by that thread only, until it has ended. */
    final class ThreadLog {
        final int thread;
        private final List<Call> calls = new ArrayList<>();

        private ThreadLog(int thread) {
            this.thread = thread;
        }

        /** Right before a call, and right after it. */
        long stamp() {
            return stamps.getAndIncrement();
        }

        void add(Call call) {
            calls.add(call);
        }
    }

    /** Before the threads start. */
    ThreadLog newThread() {
        ThreadLog log = new ThreadLog(logs.size());
        logs.add(log);
        return log;
    }

    /** When all threads have ended. */
    List<Call> history() {
        List<Call> all = new ArrayList<>();
        logs.forEach(log -> all.addAll(log.calls));
        return all;
    }
}
