/**
 * Which files are a store, and how that changes. A {@code Version} is an immutable list of sorted runs of files; a
 * {@code VersionEdit} turns one version into the next; the {@code VersionSet} makes edits durable in the manifest and
 * then installs them. References are counted: a file that a version, a checkpoint or a job still refers to is not
 * deleted.
 *
 * <p>One thread at a time applies edits (a lock); any thread reads versions. Bytes: docs/format/manifest.md.
 */
package io.forebay.store.version;
