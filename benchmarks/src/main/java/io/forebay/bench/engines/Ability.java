package io.forebay.bench.engines;

/** What not every engine can do. */
public enum Ability {
    /** Ordered iteration. */
    SCAN,
    /** Iteration towards smaller keys. */
    REVERSE,
    /** Append of an element to a list without a read. */
    APPEND,
    /** Several writes in one call. */
    BATCH,
    /** Several reads in one call. */
    MULTI_GET,
    /** Loading sorted entries past the memtable. */
    BULK_LOAD,
    /** Loading sorted entries as the host of the engine restores a state. */
    RESTORE,
    /** Removing all keys under a prefix, in whatever way the users of the engine have. */
    CLEAR,
    /** Removing all keys under a prefix in one call. */
    RANGE_DELETE,
    /** Many stores under one budget of memory. */
    SHARED_MEMORY,
    /** Windows in stores of their own, which are deleted as a whole when they have expired. */
    SEGMENTS,
    /** Fixing the present state for a background upload. */
    CHECKPOINT,
    /** Keeping its state in files. */
    FILES
}
