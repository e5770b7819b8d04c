/**
 * The metadata of checkpoints, and how stores are made from them. In: the files of a version, or the metadata of
 * checkpoints with the key ranges to take over. Out: metadata bytes, or a new store whose files show only the wanted
 * ranges ({@code RestorePlan} decides, {@code Restore} links the files). No row is read here: to split and join stores
 * is arithmetic on lists of files.
 *
 * <p>Everything is immutable and thread-safe, except {@code RestorePlan} while it is made and {@code Restore}. Invariant: a checkpoint
 * needs a file exactly as long as one of the visible ranges of the file overlaps the key range that is restored. Bytes:
 * docs/format/checkpoint.md.
 */
package io.forebay.store.checkpoint;
