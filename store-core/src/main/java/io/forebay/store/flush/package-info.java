/**
 * From memory to files. In: immutable memtables. Out: synced SSTs, with the metadata that a version edit needs.
 * {@link io.forebay.store.flush.SstOutput} makes every SST of the engine: for flush, compaction and ingest.
 *
 * <p>A job runs on one thread. A file that a failed job wrote is deleted before the job ends; a finished file has one
 * reference, which its owner releases after the edit that adds the file was applied, or has failed.
 *
 * <p>Invariants: the files of one output do not overlap, no user key is in two of them, and a range delete across the bound
 * between two files is cut there.
 */
package io.forebay.store.flush;
