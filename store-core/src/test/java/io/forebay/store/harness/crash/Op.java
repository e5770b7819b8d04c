package io.forebay.store.harness.crash;

/** An operation of a {@link CrashWorkload}. What it writes follows from its place in the program. */
enum Op {
    /** Three puts. */
    PUT,
    /** Three puts and a commit that may become durable whenever it likes. */
    COMMIT,
    /** A put, and a commit that waits until it is durable. */
    DURABLE,
    /** A batch of puts, deletes, a merge and a range delete, and a commit. */
    BATCH,
    /** A range delete, a merge, and a commit. */
    DELETE,
    /** Commits between so many puts that memtables are flushed on the way. */
    FILL,
    FLUSH,
    COMPACT,
    /** All background work there is. */
    WORK,
    /** The commit interval passes; then the work that is due. */
    WAIT,
    /** Sorted entries as files, and a commit. */
    INGEST,
    /** Sorted entries as files, given up before the end. */
    ABANDON,
    /** A checkpoint written to a directory of its own. */
    CHECKPOINT,
    /** A checkpoint restored to a new store, clipped to a part of the keys. */
    RESTORE,
    /** A clean close, and an open. */
    REOPEN,
    /** A crash of the machine, and an open. */
    CRASH,
    /** The end of the process, and an open. */
    KILL
}
