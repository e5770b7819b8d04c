package io.forebay.store.sst;

import io.forebay.store.sst.CacheAdmission.Place;
import io.forebay.store.sst.block.BlockBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds blocks of the tail of a file until all data blocks are written, as they are before encryption: checksum and nonce of a
 * block need its offset.
 *
 * <pre>
 *   chunk 0   | block 0 | block 1 | bl.. |            at most 64 KiB, or one longer block
 *   chunk 1   | block 2 | block 3 |
 * </pre>
 *
 * The chunks are on the heap and their bytes are counted in the budget, but for the first ones, which are no more than the output
 * buffer. When the budget has no room, blocks are held all the same, because a file can end only between two keys;
 * {@link #isRefused()} asks the caller to end it, and what is not counted is counted with the next chunk for which there is room.
 * Used by one thread.
 */
final class HeldBlocks {
    private static final Place[] PLACES = Place.values();
    private static final int FIRST_CHUNK_BYTES = 4 << 10;
    private static final int CHUNK_BYTES = 64 << 10;
    /** Bytes of chunks that are not counted. */
    private static final long UNCOUNTED_BYTES = 64 << 10;

    private final HeldMemory memory;
    private final List<byte[]> chunks = new ArrayList<>();
    /** Bytes that are used of each chunk but the last one. */
    private int[] chunkEnds = new int[4];
    /** Lengths of the blocks, in order. */
    private int[] lengths = new int[16];
    /** Their places in the cache, as {@link Place#ordinal()}. */
    private byte[] places = new byte[16];

    private int count;
    private byte[] chunk = new byte[0];
    private int used;
    private long chunkBytes;
    /** Of {@code chunkBytes}, the first ones. */
    private long uncounted;

    private long contentBytes;
    private long reserved;
    private boolean refused;

    /** @param memory null to count nothing */
    HeldBlocks(HeldMemory memory) {
        this.memory = memory;
    }

    /** Takes the block from the builder, which is empty after it. @param place in the cache */
    void add(BlockBuilder block, Place place) {
        int bytes = block.size();
        room(bytes + BlockBuilder.SLACK);
        block.finish(chunk, used);
        added(bytes, place);
    }

    /** Takes a block of {@code words[from, to)}. @param place in the cache */
    void add(long[] words, int from, int to, Place place) {
        int bytes = (to - from) * Long.BYTES;
        room(bytes);
        ByteBuffer.wrap(chunk, used, bytes).asLongBuffer().put(words, from, to - from);
        added(bytes, place);
    }

    private void added(int bytes, Place place) {
        used += bytes;
        contentBytes += bytes;
        if (count == lengths.length) {
            lengths = Arrays.copyOf(lengths, 2 * count);
            places = Arrays.copyOf(places, 2 * count);
        }
        places[count] = (byte) place.ordinal();
        lengths[count++] = bytes;
    }

    private void room(int bytes) {
        if (chunk.length - used >= bytes) {
            return;
        }
        int wanted = Math.max(bytes, (int) Math.min(CHUNK_BYTES, Math.max(FIRST_CHUNK_BYTES, chunkBytes)));
        chunkBytes += wanted;
        if (chunkBytes <= UNCOUNTED_BYTES) {
            uncounted = chunkBytes;
        } else if (memory != null) {
            count();
        }
        if (!chunks.isEmpty()) {
            if (chunks.size() == chunkEnds.length) {
                chunkEnds = Arrays.copyOf(chunkEnds, 2 * chunkEnds.length);
            }
            chunkEnds[chunks.size() - 1] = used;
        }
        chunk = new byte[wanted];
        chunks.add(chunk);
        used = 0;
    }

    /** Counts all chunks but the first ones; also those for which there was no room when they were made. */
    private void count() {
        long missing = chunkBytes - uncounted - reserved;
        refused = !memory.pool().tryReserve(memory.use(), missing);
        reserved += refused ? 0 : missing;
    }

    /** True as long as the budget has no room for all blocks. */
    boolean isRefused() {
        return refused;
    }

    /** Bytes that the blocks will take in the file. @param overhead of a block, see {@link BlockOutput#overhead()} */
    long fileBytes(int overhead) {
        return contentBytes + (long) count * overhead;
    }

    /** Writes all blocks, in the order in which they came. */
    void writeTo(BlockOutput output) throws IOException {
        int at = 0;
        int inChunk = 0;
        for (int i = 0; i < count; i++) {
            if (inChunk < chunks.size() - 1 && at == chunkEnds[inChunk]) {
                inChunk++;
                at = 0;
            }
            output.tail(chunks.get(inChunk), at, lengths[i], PLACES[places[i]]);
            at += lengths[i];
        }
    }

    /** Gives the memory back. Idempotent. */
    void close() {
        chunks.clear();
        chunk = new byte[0];
        used = 0;
        if (reserved > 0) {
            memory.pool().unreserve(memory.use(), reserved);
            reserved = 0;
        }
    }
}
