/**
 * A log of records in one file, each with a checksum, encrypted if there is a key. The manifest is written in it.
 *
 * <p>What enters: byte arrays, and a {@link io.forebay.store.WritableFile}. What leaves: the same byte arrays in order, up
 * to the last record that was written whole. A record that a crash cut off ends the log; damage anywhere else is a {@link
 * io.forebay.store.CorruptionException}. Writers and readers are used by one thread at a time. docs/format/manifest.md
 * describes the bytes.
 */
package io.forebay.store.log;
