package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.BlockSource;
import io.forebay.store.cache.CachedBlock;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.sst.block.BlockSearch;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.sst.block.BlockValidator;
import io.forebay.store.util.Slab;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The blocks of one open file by their numbers (see {@link TopIndex}), through the cache. A block is read, verified,
 * decrypted and validated when it enters the cache; there it takes its content and room for a trailer, encrypted or not. Where a data block lies is looked up in its index block only then: a hit needs its
 * number and nothing else. Thread-safe.
 */
final class SstBlocks implements BlockSource {
    private final ReadableFile file;
    private final String name;
    private final TopIndex top;
    private final BlockCache cache;
    private final BlockSlots slots;
    private final int firstDataOrdinal;
    /** Null for a plain file. */
    private final FileCipher cipher;
    /** So much shorter a block is in the cache than in the file. */
    private final int tagBytes;

    SstBlocks(ReadableFile file, String name, TopIndex top, BlockCache cache, FileCipher cipher) {
        this.file = file;
        this.name = name;
        this.top = top;
        this.cache = cache;
        this.slots = cache.slots(top.blocks());
        this.firstDataOrdinal = top.firstDataOrdinal();
        this.cipher = cipher;
        this.tagBytes = cipher == null ? 0 : FileCipher.TAG_BYTES;
    }

    boolean isEncrypted() {
        return cipher != null;
    }

    /** What a block of so many bytes in the file takes in the cache. */
    int cachedBytes(int fileBytes) {
        return fileBytes - tagBytes;
    }

    BlockSlots slots() {
        return slots;
    }

    TopIndex top() {
        return top;
    }

    CachedBlock index(int partition) throws IOException {
        return cache.acquire(slots, partition, this);
    }

    CachedBlock filter(int partition, int line) throws IOException {
        return cache.acquire(slots, top.filterOrdinal(partition, line), this);
    }

    CachedBlock data(int dataBlock) throws IOException {
        return cache.acquire(slots, firstDataOrdinal + dataBlock, this);
    }

    @Override
    public int length(int ordinal) throws IOException {
        return cachedBytes(fileBytes(ordinal));
    }

    private int fileBytes(int ordinal) throws IOException {
        if (top.isIndexOrdinal(ordinal)) {
            return top.indexBytes(ordinal);
        }
        if (ordinal < firstDataOrdinal) {
            return top.filterBytes(ordinal);
        }
        int dataBlock = ordinal - firstDataOrdinal;
        int partition = top.partitionOfDataBlock(dataBlock);
        CachedBlock index = index(partition);
        try {
            int number = dataBlock - top.firstDataBlock(partition);
            int end = bodyEnd(index);
            return (int) (endOfData(index.slab(), index.offset(), end, number)
                    - beginOfData(index.slab(), index.offset(), end, number));
        } finally {
            index.release();
        }
    }

    @Override
    public void read(int ordinal, Slab into, int at) throws IOException {
        if (top.isIndexOrdinal(ordinal)) {
            readIndex(ordinal, into, at);
        } else if (ordinal < firstDataOrdinal) {
            readVerified(top.filterOffset(ordinal), top.filterBytes(ordinal), into, at);
        } else {
            readData(ordinal - firstDataOrdinal, into, at);
        }
    }

    private void readData(int dataBlock, Slab into, int at) throws IOException {
        int partition = top.partitionOfDataBlock(dataBlock);
        CachedBlock index = index(partition);
        long offset;
        int length;
        try {
            int number = dataBlock - top.firstDataBlock(partition);
            int end = bodyEnd(index);
            long begin = beginOfData(index.slab(), index.offset(), end, number);
            offset = top.dataOffset(partition) + begin;
            length = (int) (endOfData(index.slab(), index.offset(), end, number) - begin);
        } finally {
            index.release();
        }
        readVerified(offset, length, into, at);
        BlockValidator.check(into, at, length - tagBytes - BlockTrailer.BYTES, name, offset);
    }

    /** Reads the index block of a partition to {@code into} and checks that the data blocks in it add up. */
    void readIndex(int partition, Slab into, int at) throws IOException {
        long offset = top.indexOffset(partition);
        int length = top.indexBytes(partition);
        readVerified(offset, length, into, at);
        int end = at + cachedBytes(length) - BlockTrailer.BYTES;
        BlockValidator.check(into, at, end - at, name, offset);
        int count = BlockSearch.count(into, at);
        if (count != top.dataBlocks(partition)) {
            throw new CorruptionException(name, offset, top.dataBlocks(partition) + " data blocks", "" + count);
        }
        byte[] separator = top.separator(partition);
        if (BlockSearch.lowerBound(into, at, separator, 0, separator.length) == count) {
            throw new CorruptionException(name, offset, "a last separator as in the top index", "a smaller one");
        }
        long previous = 0;
        for (int i = 0; i < count; i++) {
            int valueLength = BlockSearch.valueLength(into, at, end, i);
            if (valueLength != Integer.BYTES) {
                throw new CorruptionException(name, offset, "a block end of 4 bytes", valueLength + " bytes");
            }
            long next = endOfData(into, at, end, i);
            if (next <= previous + tagBytes + BlockTrailer.BYTES || next - previous > Integer.MAX_VALUE) {
                throw new CorruptionException(name, offset, "ascending ends of blocks", previous + " and " + next);
            }
            previous = next;
        }
        if (previous != top.dataBytes(partition)) {
            throw new CorruptionException(name, offset, top.dataBytes(partition) + " bytes of data", "" + previous);
        }
    }

    private void readVerified(long offset, int length, Slab into, int at) throws IOException {
        if (cipher == null) {
            readFully(offset, length, into, at);
            BlockTrailer.verify(into, at, length, name, offset);
            return;
        }
        byte[] stored = Scratch.stored(length);
        try {
            file.read(offset, ByteBuffer.wrap(stored, 0, length));
        } catch (EOFException e) {
            throw truncated(name, offset, length, file.size());
        }
        decrypt(stored, length, offset, into, at);
    }

    /** Verifies the block in {@code stored[0, length)} and puts its content to {@code into[at]}. */
    private void decrypt(byte[] stored, int length, long offset, Slab into, int at) {
        BlockTrailer.verify(new Slab(ByteBuffer.wrap(stored)), 0, length, name, offset);
        int sealed = length - BlockTrailer.BYTES;
        byte[] content = Scratch.content(sealed);
        cipher.open(offset, stored[sealed] & 0xFF, stored, 0, sealed, content, 0, offset);
        into.put(at, content, 0, sealed - tagBytes);
    }

    /** Reads file bytes as they are; {@link CorruptionException} when the file ends too early. */
    void readFully(long offset, int length, Slab into, int at) throws IOException {
        try {
            file.read(offset, into.slice(at, length));
        } catch (EOFException e) {
            throw truncated(name, offset, length, file.size());
        }
    }

    /** Decrypts the data block that was read to {@code window[from, from + length)} to the beginning of {@code into}. */
    void decryptData(Slab window, int from, int length, long offset, Slab into) {
        byte[] stored = Scratch.stored(length);
        window.get(from, stored, 0, length);
        decrypt(stored, length, offset, into, 0);
        BlockValidator.check(into, 0, cachedBytes(length) - BlockTrailer.BYTES, name, offset);
    }

    /** Verifies and validates the plain data block that was read to {@code slab[at, at + length)}. */
    void checkData(Slab slab, int at, int length, long offset) {
        BlockTrailer.verify(slab, at, length, name, offset);
        BlockValidator.check(slab, at, length - BlockTrailer.BYTES, name, offset);
    }

    static CorruptionException truncated(String name, long offset, long length, long size) {
        return new CorruptionException(name, offset, length + " bytes", "the end of the file at " + size);
    }

    static int bodyEnd(CachedBlock block) {
        return block.offset() + block.length() - BlockTrailer.BYTES;
    }

    /** Where a data block begins, counted from the begin of its partition; the index block is in {@code slab[at, end)}. */
    static long beginOfData(Slab slab, int at, int end, int number) {
        return number == 0 ? 0 : endOfData(slab, at, end, number - 1);
    }

    static long endOfData(Slab slab, int at, int end, int number) {
        return slab.getInt(BlockSearch.valueEnd(slab, at, end, number) - Integer.BYTES) & 0xFFFFFFFFL;
    }

    void close() throws IOException {
        slots.evictAll();
        file.close();
    }
}
