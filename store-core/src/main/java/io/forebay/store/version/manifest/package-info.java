/**
 * The records of a manifest: one file, a checksum for each record, encrypted if there is a key.
 *
 * <p>In: byte arrays, and a {@link io.forebay.store.WritableFile}. Out: the same byte arrays in order, up to the last
 * record that was written as a whole. A torn record ends the manifest; damage anywhere else is a {@link
 * io.forebay.store.CorruptionException}. One thread at a time uses a writer or a reader. docs/format/manifest.md
 * describes the bytes.
 */
package io.forebay.store.version.manifest;
