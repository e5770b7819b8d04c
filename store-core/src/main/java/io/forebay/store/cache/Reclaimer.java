package io.forebay.store.cache;

/** Holds memory of a {@link SlabPool} that it can do without. */
@FunctionalInterface
public interface Reclaimer {
    /**
     * Gives back up to about {@code bytes} to the pool, a little more if slabs are that large. Called without locks of the
     * pool, by any thread.
     *
     * @return bytes given back; 0 when nothing can be spared now
     */
    long reclaim(long bytes);
}
