package io.forebay.store.cache;

/** A user of a {@link SlabPool} that can give memory back on request. */
@FunctionalInterface
public interface Reclaimer {
    /**
     * Gives about {@code bytes} back to the pool, or less; a little more because whole slabs are given back. Called without
     * locks of the pool, by any thread.
     *
     * @return bytes given back; 0 when there is nothing to give back now
     */
    long reclaim(long bytes);
}
