package io.forebay.store.io;

/**
 * A file store that says whether the files that it opens can be mapped, before one was opened. Of any other file store that is known
 * once a file of it was opened. Thread-safe.
 */
public interface MappableFiles {
    /** Whether they are {@link MappableFile}s that can be mapped. */
    boolean areMappable();
}
