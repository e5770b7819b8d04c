/**
 * Which files make up a store, and since when. A {@code Version} is an immutable list of sorted runs of files; a {@code
 * VersionEdit} turns one into the next; the {@code VersionSet} makes edits durable in the manifest and then installs them.
 * Versions are counted references: what a version, a checkpoint or a job still holds is not deleted.
 *
 * <p>Edits are applied by one thread at a time (a lock); versions are read by any thread. Bytes: docs/format/manifest.md.
 */
package io.forebay.store.version;
