package io.forebay.store.db;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What a store counts from other threads than its writer. */
final class Counters {
    /** Point reads that the memtables settled. */
    final LongAdder memtableReads = new LongAdder();
    /** Point reads that had to look into files. */
    final LongAdder fileReads = new LongAdder();

    final LongAdder iteratorsOpened = new LongAdder();
    final LongAdder iteratorsClosed = new LongAdder();
    /** How often an iterator that nobody moved gave its memtables back. */
    final LongAdder idleIteratorsEmptied = new LongAdder();

    final AtomicLong openSnapshots = new AtomicLong();

    /** Of background work. */
    final AtomicLong failures = new AtomicLong();
    /** Attempts to do failed background work again. */
    final AtomicLong retries = new AtomicLong();
    /** How often the store took writes again after a failure. */
    final AtomicLong resumes = new AtomicLong();
    /** Flushes and compactions done once more without the compaction filter. */
    final AtomicLong jobsRedone = new AtomicLong();

    final AtomicLong flushes = new AtomicLong();
    final AtomicLong bytesFlushed = new AtomicLong();
    final AtomicLong compactions = new AtomicLong();
    final AtomicLong trivialMoves = new AtomicLong();
    final AtomicLong filesDropped = new AtomicLong();
    final AtomicLong bytesCompactedIn = new AtomicLong();
    final AtomicLong bytesCompactedOut = new AtomicLong();
}
