package io.forebay.store.util;

/**
 * Where a slab lies in a region of a {@link DirectSlabAllocator}. The slabs of a region are reached through few objects in this
 * way, and not through one for each slab.
 *
 * @param part the region; of a region that is longer than {@link #PART_BYTES} a part with so many bytes, at a multiple of them.
 *     The same object for all slabs in it. Whoever keeps it keeps the region from being collected
 * @param offset of the slab in the part, a multiple of the length of a slab
 */
public record SlabPlace(Slab part, int offset) {
    /** The most bytes of a part. */
    public static final int PART_BYTES = 4 << 20;
}
