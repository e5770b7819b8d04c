package io.forebay.store.cache;

import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/** A file whose blocks have bytes that follow from file, ordinal and position, so that any mix-up shows. */
final class TestFile implements BlockSource {
    final BlockSlots slots;
    final AtomicInteger reads = new AtomicInteger();
    volatile boolean failing;
    private final int[] lengths;
    private final int seed;

    TestFile(BlockCache cache, int seed, int... lengths) {
        this(cache.slots(lengths.length), seed, lengths);
    }

    TestFile(BlockSlots slots, int seed, int... lengths) {
        this.seed = seed;
        this.lengths = lengths;
        this.slots = slots;
    }

    static TestFile uniform(BlockCache cache, int seed, int blocks, int length) {
        int[] lengths = new int[blocks];
        java.util.Arrays.fill(lengths, length);
        return new TestFile(cache, seed, lengths);
    }

    @Override
    public int length(int ordinal) {
        return lengths[ordinal];
    }

    @Override
    public void read(int ordinal, Slab into, int offset) throws IOException {
        reads.incrementAndGet();
        for (int i = 0; i < lengths[ordinal]; i++) {
            into.putByte(offset + i, expected(ordinal, i));
            if (failing && i == lengths[ordinal] / 2) {
                throw new IOException("broken disk");
            }
        }
    }

    private byte expected(int ordinal, int position) {
        int mixed = (seed * 31 + ordinal) * 0x9E3779B9 + position * 7;
        return (byte) (mixed ^ mixed >>> 13);
    }

    /** True when all bytes of a pinned block are what the file holds. */
    void verify(int ordinal, TestBlock block) {
        if (block.length() != lengths[ordinal]) {
            throw new AssertionError("block " + ordinal + " has " + block.length() + " bytes");
        }
        for (int i = 0; i < block.length(); i++) {
            if (block.getByte(i) != expected(ordinal, i)) {
                throw new AssertionError("byte " + i + " of block " + ordinal + " of file " + seed + " is wrong");
            }
        }
    }

    int blocks() {
        return lengths.length;
    }
}
