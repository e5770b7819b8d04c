package io.forebay.store.cache;

import io.forebay.store.util.HeldRegion;
import io.forebay.store.util.Slab;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A slab of the cache, cut into frames of one size, or one large buffer with one frame. It has the way back from a frame to the
 * word of its block, which only evictions need. Under the lock of the cache, but for the holds.
 */
final class CacheSlab {
    private static final VarHandle HOLDS;
    private static final int FREE = -1;

    static {
        try {
            HOLDS = MethodHandles.lookup().findVarHandle(CacheSlab.class, "holds", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Slab slab;
    /** The capacity of the slab, here because a hold would have to wait for two more objects to know it. */
    final int bytes;

    final SizeClass sizeClass;
    /** The region in which the slab lies; null when the allocator has no regions. */
    final HeldRegion region;

    /** The file of the block in a frame; null when the block is in no element of {@link BlockSlots}. */
    private final BlockSlots[] files;
    /**
     * The number of that block in its file. For a frame whose block is in no element, because it is being read or its file was
     * closed: -1 - the number of pins. So -1 is a free frame.
     */
    private final int[] ordinals;

    private final int[] free;

    /** How many holds there are of blocks in this slab, in the form of {@link BlockHolds}. Without the lock of the cache. */
    // Atomic operations only
    private volatile int holds;

    // Guarded by BlockCache
    private int freeCount;
    /** The place of the first frame in the words of blocks; set by {@link FrameMemory}. */
    long place;
    /** Length of the only block, if its word has no room for it. Set before the block is shown. */
    int longLength;
    /** The index of this slab in the list of the cache, for removal in constant time; -1 when it is not there. */
    int indexInCache = -1;
    /** The same in the list of its class. */
    int indexInClass = -1;
    /** The same in the list of those slabs of its class that have free frames. */
    int indexInPartial = -1;

    CacheSlab(Slab slab, SizeClass sizeClass, HeldRegion region) {
        this.slab = slab;
        this.bytes = slab.capacity();
        this.region = region;
        this.sizeClass = sizeClass;
        int count = bytes / frameBytes();
        files = new BlockSlots[count];
        ordinals = new int[count];
        Arrays.fill(ordinals, FREE);
        free = new int[count];
        freeCount = count;
        for (int i = 0; i < count; i++) {
            free[i] = count - 1 - i;
        }
    }

    int frames() {
        return ordinals.length;
    }

    private int frameBytes() {
        return sizeClass.frameBytes() == 0 ? bytes : sizeClass.frameBytes();
    }

    boolean hasFree() {
        return freeCount > 0;
    }

    boolean isEmpty() {
        return freeCount == ordinals.length;
    }

    /** Takes a frame for a block of that length. @return the handle of the block, which is in no element and has one pin */
    long takeFrame(int length) {
        int frame = free[--freeCount];
        ordinals[frame] = FREE - 1;
        if (BlockWord.isLong(length)) {
            longLength = length;
        }
        return BlockWord.frame(place, FrameMemory.units(frame * frameBytes()), length);
    }

    /** The number of the frame of a block in this slab. */
    int frame(long word) {
        return FrameMemory.frame(word, frameBytes());
    }

    void giveFrame(int frame) {
        assert scribble(frame);
        files[frame] = null;
        ordinals[frame] = FREE;
        free[freeCount++] = frame;
    }

    /** Overwrites a free frame, with assertions on only, so that tests notice a read after the end of a pin. */
    private boolean scribble(int frame) {
        int at = frame * frameBytes();
        int end = at + frameBytes();
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            slab.putLong(at, 0xDBDBDBDBDBDBDBDBL);
        }
        return true;
    }

    /** Notes that the block of a frame is now in an element, which counts its pins. */
    void movedIn(int frame, BlockSlots file, int ordinal) {
        files[frame] = file;
        ordinals[frame] = ordinal;
    }

    /** Moves the block of a frame out of its element, in which no block is installed any more. @return its last word there */
    long moveOut(int frame) {
        long word = files[frame].moveOut(ordinals[frame]);
        files[frame] = null;
        ordinals[frame] = FREE - BlockWord.pins(word);
        return word;
    }

    /** Ends a pin of a block in no element. @return true when it was the last one */
    boolean endPin(int frame) {
        if (ordinals[frame] >= FREE) {
            throw unpinnedTooOften();
        }
        return ++ordinals[frame] == FREE;
    }

    static IllegalStateException unpinnedTooOften() {
        return new IllegalStateException("A block was unpinned more often than pinned");
    }

    /** The word of the block of a frame; 0 when the frame is free or its block is in no element. */
    private long word(int frame) {
        int ordinal = ordinals[frame];
        return ordinal < 0 ? 0 : files[frame].word(ordinal);
    }

    /** Removes the block of a frame from its element. @return its word; 0 when it is pinned, or in no element */
    long tryEvict(int frame) {
        return isInElement(frame) ? files[frame].tryEvict(ordinals[frame]) : 0;
    }

    boolean isInElement(int frame) {
        return ordinals[frame] >= 0;
    }

    boolean isPinned(int frame) {
        return ordinals[frame] < FREE || BlockWord.pins(word(frame)) > 0;
    }

    boolean isPinned() {
        for (int frame = 0; frame < ordinals.length; frame++) {
            if (isPinned(frame)) {
                return true;
            }
        }
        return false;
    }

    /** True for a block that is not pinned and was not found since it was last made cold; makes others cold. */
    boolean isVictim(int frame) {
        long word = word(frame);
        if (word == 0 || BlockWord.pins(word) > 0) {
            return false;
        }
        if ((word & BlockWord.HOT) == 0) {
            return true;
        }
        files[frame].makeCold(ordinals[frame]);
        return false;
    }

    /** True for a block that is not pinned and was not found since it was last made cold. */
    boolean isIdle(int frame) {
        long word = word(frame);
        return word != 0 && (word & (BlockWord.HOT | BlockWord.PINS)) == 0;
    }

    /** The number of blocks that were found since the last sweep; this call is a sweep, which makes all cold. */
    int sweepRecentlyUsed() {
        int recent = 0;
        for (int frame = 0; frame < ordinals.length; frame++) {
            if ((word(frame) & BlockWord.HOT) != 0) {
                files[frame].makeCold(ordinals[frame]);
                recent++;
            }
        }
        return recent;
    }

    /** Bytes of the frames whose blocks were found since the last sweep. */
    int recentlyUsedBytes() {
        int bytes = 0;
        for (int frame = 0; frame < ordinals.length; frame++) {
            bytes += (word(frame) & BlockWord.HOT) != 0 ? frameBytes() : 0;
        }
        return bytes;
    }

    int holds() {
        return holds;
    }

    boolean changeHolds(int before, int after) {
        return HOLDS.compareAndSet(this, before, after);
    }
}
