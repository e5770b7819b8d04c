/**
 * What a checkpoint says about a store, and how stores are made of it. In: the files of a version, or the metadata of
 * checkpoints with the key ranges to take over. Out: metadata bytes, or the runs of a new store whose files show only the
 * wanted ranges. No row is read here: splitting and joining stores is arithmetic on file lists.
 *
 * <p>Everything is immutable and thread-safe. Invariant: a file is needed by a checkpoint exactly as long as one of its
 * visible ranges meets the key range that is restored. Bytes: docs/format/checkpoint.md.
 */
package io.forebay.store.checkpoint;
