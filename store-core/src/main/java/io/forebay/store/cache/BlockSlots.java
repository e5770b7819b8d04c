package io.forebay.store.cache;

import io.forebay.store.SlabAllocator;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * The cached blocks of one file, by ordinal: an array with a {@link BlockWord} for each. Made by {@link BlockCache#slots}; the
 * reader of the file calls {@link #evictAll()} when it is closed.
 *
 * <p>{@link #pin} returns a handle, with which the other methods find the block: its bytes are {@code slab(handle)[offset(handle),
 * offset(handle) + length(handle))} and stay until {@link #unpin}. Every pin is matched by one unpin, after which the caller must
 * not touch the block. The handle 0 is no pin: there is no room for the block in memory, and the caller reads it for itself.
 *
 * <p>Thread-safe.
 */
public final class BlockSlots {
    /** Heap bytes for each block of a file. */
    public static final int BYTES_PER_BLOCK = 8;

    /** This object, its counter, and the header of its array. */
    private static final int OBJECT_BYTES = 96;

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long[] CLOSED = {};

    private final BlockCache cache;
    private final FrameMemory memory;
    private final LongAdder uses = new LongAdder();
    /**
     * Elements are changed by atomic operations: the pins by any thread, the rest under the lock of the cache. Empty when closed,
     * so that a block with a long pin does not keep the words of all others in memory.
     */
    // Racy: a reader may still use the old array, in which no block is present any more
    private long[] words;

    // Guarded by BlockCache
    private int present;
    private long misses;
    private boolean closed;

    BlockSlots(BlockCache cache, FrameMemory memory, int blocks) {
        this.cache = cache;
        this.memory = memory;
        this.words = new long[blocks];
    }

    /** Heap bytes of the slots of a file with so many blocks, to be accounted for. */
    public static long heapBytes(int blocks) {
        return OBJECT_BYTES + (long) BYTES_PER_BLOCK * blocks;
    }

    /**
     * Pins a block; the caller unpins it. Allocates nothing when the block is cached.
     *
     * @param source reads the block when it is not cached
     * @return the handle of the block; 0 when it is not cached and there is no room for it. Then it was not read
     */
    public long pin(int ordinal, BlockSource source) throws IOException {
        long pinned = tryPin(ordinal);
        return pinned != 0 ? pinned : cache.load(this, ordinal, source);
    }

    /** Pins a block if it is cached. @return its handle, or 0 */
    long tryPin(int ordinal) {
        long[] array = words;
        if (ordinal >= array.length) {
            return 0;
        }
        long word = (long) WORD.getAndAdd(array, ordinal, BlockWord.ONE_PIN);
        return (word & BlockWord.STATE) == BlockWord.FOUND ? word : pinOther(array, ordinal, word);
    }

    /** The rest of a pin when the block was not hot: {@code word} is what the pin was added to. */
    private long pinOther(long[] array, int ordinal, long word) {
        if (!BlockWord.isPresent(word)) {
            // No block was shown meanwhile, which would take this pin for one of its own: install needs an element that
            // is 0.
            WORD.getAndAdd(array, ordinal, -BlockWord.ONE_PIN);
            return 0;
        }
        if ((word & BlockWord.CROWDED) != 0) {
            unpin(ordinal, word);
            return 0;
        }
        WORD.getAndBitwiseOr(array, ordinal, BlockWord.HOT);
        return word;
    }

    /**
     * Ends one pin.
     *
     * @param block a handle of {@link #pin}; nothing is done for 0
     */
    public void unpin(int ordinal, long block) {
        if (!BlockWord.isPresent(block)) {
            if (block != 0) {
                cache.unpinOutside(block);
            }
            return;
        }
        long[] array = words;
        if (ordinal < array.length) {
            long before = (long) WORD.getAndAdd(array, ordinal, -BlockWord.ONE_PIN);
            if (BlockWord.isPresent(before)) {
                if (BlockWord.pins(before) == 0) {
                    WORD.getAndAdd(array, ordinal, BlockWord.ONE_PIN);
                    throw new IllegalStateException("Block " + ordinal + " was unpinned more often than pinned");
                }
                return;
            }
        }
        cache.unpinOutside(block); // it was moved out when the slots or the cache were closed
    }

    /** The memory with a pinned block. */
    public Slab slab(long block) {
        return memory.slab(block);
    }

    /** Where a pinned block starts in its slab; 0 for the handle 0. */
    public static int offset(long block) {
        return FrameMemory.offset(block);
    }

    /** Length of a pinned block in bytes. */
    public int length(long block) {
        return memory.length(block);
    }

    /**
     * Holds a pinned block: the caller may keep it for any time, until {@link #endHold}.
     *
     * @param block the handle; 0 for a block that the caller has read to the heap
     * @param length of the block
     * @return false when too much memory is held so already, or in too many places: copy what is short, unpin the block, and
     *     pin it again for what is long
     */
    public boolean tryHold(long block, int length) {
        return block != 0
                ? cache.holds().tryHold(home(block))
                : length <= SlabAllocator.SLAB_BYTES || cache.holds().tryHoldOnHeap(length);
    }

    /** Ends one {@link #tryHold} that was granted; the block is still pinned. */
    public void endHold(long block, int length) {
        if (block != 0) {
            cache.holds().endHold(home(block));
        } else if (length > SlabAllocator.SLAB_BYTES) {
            cache.holds().endHoldOnHeap(length);
        }
    }

    /** The slab with a pinned block. */
    CacheSlab home(long block) {
        return memory.home(block);
    }

    /** Counts so many uses of blocks: each pin is one. One call for all blocks of a read costs less than one for each pin. */
    public void countUses(int blocks) {
        uses.add(blocks);
    }

    /** Number of blocks of the file; 0 when closed. */
    public int size() {
        return words.length;
    }

    /**
     * Removes all blocks of the file from the cache, and closes the slots. Pinned blocks stay readable until they are unpinned.
     */
    public void evictAll() {
        cache.evictAll(this);
    }

    /** How often a block was used and found in the cache. */
    public long hits() {
        return Math.max(0, uses.sum() - misses()); // a miss may be counted before its use
    }

    /** How often a block had to be read from the file. */
    public long misses() {
        return cache.misses(this);
    }

    /** True when the block was in the cache a moment ago. */
    public boolean isCached(int ordinal) {
        long[] array = words;
        return ordinal < array.length && BlockWord.isPresent((long) WORD.getAcquire(array, ordinal));
    }

    /** True when the block was in the cache a moment ago, and was found since the cache last looked at it. */
    public boolean isRecentlyUsed(int ordinal) {
        long[] array = words;
        return ordinal < array.length && ((long) WORD.getAcquire(array, ordinal) & BlockWord.FOUND) == BlockWord.FOUND;
    }

    // All methods below are called under the lock of the cache.

    /**
     * Shows a block to readers.
     *
     * @param word present, with its pins
     * @return false when the slots are closed, there is such a block, or a thread adds a pin to the empty element right now,
     *     which is not counted as a pin of this block
     */
    boolean install(int ordinal, long word) {
        if (closed || !WORD.compareAndSet(words, ordinal, 0L, word)) {
            return false;
        }
        present++;
        return true;
    }

    long word(int ordinal) {
        return (long) WORD.getAcquire(words, ordinal);
    }

    /** Changes the number of blocks, as long as no other thread has these slots. Blocks in the cache keep their ordinals. */
    void resize(int blocks) {
        if (!closed) {
            words = Arrays.copyOf(words, blocks);
        }
    }

    void makeCold(int ordinal) {
        WORD.getAndBitwiseAnd(words, ordinal, ~BlockWord.HOT);
    }

    /** Removes a block unless it is pinned. @return its word, or 0 when it is pinned */
    long tryEvict(int ordinal) {
        long word = word(ordinal);
        if (BlockWord.pins(word) > 0 || !WORD.compareAndSet(words, ordinal, word, 0L)) {
            return 0;
        }
        present--;
        return word;
    }

    /**
     * Removes a block, pinned or not, from an element in which none is installed any more. Pins that end later find it absent.
     *
     * @return its word
     */
    long moveOut(int ordinal) {
        present--;
        return (long) WORD.getAndBitwiseAnd(words, ordinal, BlockWord.PINS);
    }

    boolean hasBlocks() {
        return present > 0;
    }

    boolean isClosed() {
        return closed;
    }

    void close() {
        closed = true;
        words = CLOSED;
    }

    void addMiss() {
        misses++;
    }

    long countedMisses() {
        return misses;
    }
}
