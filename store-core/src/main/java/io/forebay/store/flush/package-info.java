/**
 * From memory to files. In go frozen memtables; out come SSTs, synced, with the metadata that a version edit needs. {@link
 * io.forebay.store.flush.SstOutput} is how every SST of the engine is made: by flush, compaction and ingest.
 *
 * <p>A job runs on one thread. A file that a failed job wrote is deleted before the job ends; a finished file holds one
 * reference, which its owner releases after the edit that adds the file was applied, or has failed.
 *
 * <p>Invariants: the files of one output do not overlap, no user key is in two of them, and a range delete across the
 * border of two files is cut there.
 */
package io.forebay.store.flush;
