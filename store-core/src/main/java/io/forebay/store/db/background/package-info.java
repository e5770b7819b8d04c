/**
 * What a store does by itself: flushes, compactions, commits by the clock, checkpoints, and the repair after an error.
 *
 * <p>A flush goes one way: {@code FlushScheduler} (when), {@code FlushStep} (memtables to files), {@code Installer}
 * (the result into the manifest, and visible to readers). Then {@code CompactionScheduler} looks whether a compaction
 * is due. A compaction goes through {@code CompactionScheduler}, {@code CompactionStep}, {@code Installer}. {@code
 * CommitPath} marks commits and makes them durable, {@code Checkpoints} keeps the files that checkpoints need, {@code
 * CheckpointTeller} completes them, {@code
 * BackgroundErrorHandler} decides what a failure means and repairs it.
 *
 * <p>Jobs run on threads of the environment's executor. The monitor of the installer orders the changes of the version;
 * it is held while the manifest is written.
 */
package io.forebay.store.db.background;
