package io.forebay.store.db.state;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counters of a store that threads other than its writer change. Thread-safe. */
public final class Counters {
    /** Point reads that the memtables answered. */
    public final LongAdder memtableReads = new LongAdder();
    /** Point reads that had to search files. */
    public final LongAdder fileReads = new LongAdder();

    /** How often an idle iterator gave its memtables back. */
    public final LongAdder idleIteratorsEmptied = new LongAdder();

    public final AtomicLong openSnapshots = new AtomicLong();

    /** Failures of background work. */
    public final AtomicLong failures = new AtomicLong();
    /** Attempts to repeat failed background work. */
    public final AtomicLong retries = new AtomicLong();
    /** How often the store took writes again after a failure. */
    public final AtomicLong resumes = new AtomicLong();
    /** Flushes and compactions done once more without the compaction filter. */
    public final AtomicLong jobsRedone = new AtomicLong();

    public final AtomicLong flushes = new AtomicLong();
    public final AtomicLong bytesFlushed = new AtomicLong();
    public final AtomicLong compactions = new AtomicLong();
    public final AtomicLong trivialMoves = new AtomicLong();
    public final AtomicLong filesDropped = new AtomicLong();
    public final AtomicLong bytesCompactedIn = new AtomicLong();
    public final AtomicLong bytesCompactedOut = new AtomicLong();
}
