package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.BlockSource;
import io.forebay.store.cache.CachedBlock;
import io.forebay.store.compress.BadPayloadException;
import io.forebay.store.compress.Codecs;
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
 * decrypted, decompressed and validated when it enters the cache; there it takes its content and room for a trailer,
 * encrypted or not. Where a data block lies is looked up in its index block only then: a hit needs its number and nothing
 * else. Thread-safe.
 */
final class SstBlocks implements BlockSource {
    /** What a block of one entry has beside key and value is less. */
    private static final int ENTRY_OVERHEAD = 128;
    /** A block that claims less memory gets it. */
    private static final int LEAST_BOLD_BYTES = 64 << 10;
    /** So many times longer than what is stored of it a block may claim to be without proof. */
    private static final int BOLD_RATIO = 8;

    private final ReadableFile file;
    private final String name;
    private final TopIndex top;
    private final BlockCache cache;
    private final BlockSlots slots;
    private final int firstDataOrdinal;
    /** Null for a plain file. */
    private final FileCipher cipher;
    /** True when the index says how long the content of a data block is: it may be compressed. */
    private final boolean sized;

    private final Compression compression;
    /** Data blocks are no longer, as the properties say. */
    private final long mostContent;

    /** So much shorter a block that is not compressed is in the cache than in the file. */
    private final int tagBytes;

    /**
     * @param cache null for a reader that goes past the cache
     * @param slots where cached blocks are; null without a cache
     */
    SstBlocks(ReadableFile file, String name, SstMetadata metadata, BlockCache cache, BlockSlots slots) {
        this.file = file;
        this.name = name;
        this.top = metadata.top();
        this.cache = cache;
        this.slots = slots;
        this.firstDataOrdinal = top.firstDataOrdinal();
        this.cipher = metadata.cipher();
        this.compression = metadata.properties().compression();
        this.sized = compression != Compression.NONE;
        this.tagBytes = cipher == null ? 0 : FileCipher.TAG_BYTES;
        this.mostContent = mostContent(metadata.properties());
    }

    /** A block is longer than blocks are closed at only if it holds a single entry. */
    private static long mostContent(SstProperties properties) {
        long entry = ENTRY_OVERHEAD + properties.rawKeyBytes() + properties.rawValueBytes();
        return entry < 0 ? Long.MAX_VALUE : Math.max(properties.blockBytes(), entry);
    }

    /** True when data blocks lie in the file as they are searched. */
    boolean isPlain() {
        return cipher == null && !sized;
    }

    /** What an index or filter block of so many bytes in the file takes in the cache. */
    int cachedBytes(int fileBytes) {
        return fileBytes - tagBytes;
    }

    BlockSlots slots() {
        return slots;
    }

    ReadableFile file() {
        return file;
    }

    String name() {
        return name;
    }

    boolean isEncrypted() {
        return cipher != null;
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

    /** True when a data block was in the cache a moment ago. */
    boolean isCached(int dataBlock) {
        return slots.isCached(firstDataOrdinal + dataBlock);
    }

    /** True when blocks can enter the cache without pushing out others. */
    boolean hasCacheRoom() {
        return cache.hasRoom();
    }

    @Override
    public int length(int ordinal) throws IOException {
        if (top.isIndexOrdinal(ordinal)) {
            return cachedBytes(top.indexBytes(ordinal));
        }
        if (ordinal < firstDataOrdinal) {
            return cachedBytes(top.filterBytes(ordinal));
        }
        int dataBlock = ordinal - firstDataOrdinal;
        int partition = top.partitionOfDataBlock(dataBlock);
        CachedBlock index = index(partition);
        try {
            int number = dataBlock - top.firstDataBlock(partition);
            int end = bodyEnd(index);
            int content = contentOfData(index.slab(), index.offset(), end, number);
            if (sized) {
                long begin = beginOfData(index.slab(), index.offset(), end, number);
                int bytes = (int) (endOfData(index.slab(), index.offset(), end, number) - begin);
                checkClaim(top.dataOffset(partition) + begin, bytes, content);
            }
            return content + BlockTrailer.BYTES;
        } finally {
            index.release();
        }
    }

    @Override
    public void read(int ordinal, Slab into, int at) throws IOException {
        if (top.isIndexOrdinal(ordinal)) {
            readIndex(ordinal, into, at);
        } else if (ordinal < firstDataOrdinal) {
            readMeta(top.filterOffset(ordinal), top.filterBytes(ordinal), into, at);
        } else {
            readData(ordinal - firstDataOrdinal, into, at);
        }
    }

    private void readData(int dataBlock, Slab into, int at) throws IOException {
        int partition = top.partitionOfDataBlock(dataBlock);
        CachedBlock index = index(partition);
        long offset;
        int length;
        int content;
        try {
            int number = dataBlock - top.firstDataBlock(partition);
            int end = bodyEnd(index);
            long begin = beginOfData(index.slab(), index.offset(), end, number);
            offset = top.dataOffset(partition) + begin;
            length = (int) (endOfData(index.slab(), index.offset(), end, number) - begin);
            content = contentOfData(index.slab(), index.offset(), end, number);
        } finally {
            index.release();
        }
        readVerified(offset, length, content, into, at);
        BlockValidator.check(into, at, content, name, offset);
    }

    /** Reads the index block of a partition to {@code into} and checks that the data blocks in it add up. */
    void readIndex(int partition, Slab into, int at) throws IOException {
        long offset = top.indexOffset(partition);
        int length = top.indexBytes(partition);
        readMeta(offset, length, into, at);
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
            int placeBytes = SstFormat.placeBytes(sized);
            if (valueLength != placeBytes) {
                throw new CorruptionException(
                        name, offset, "a place of " + placeBytes + " bytes", valueLength + " bytes");
            }
            long next = endOfData(into, at, end, i);
            if (next <= previous + tagBytes + BlockTrailer.BYTES || next - previous > Integer.MAX_VALUE) {
                throw new CorruptionException(name, offset, "ascending ends of blocks", previous + " and " + next);
            }
            if (sized) {
                checkContent(contentOfData(into, at, end, i), next - previous, offset);
            }
            previous = next;
        }
        if (previous != top.dataBytes(partition)) {
            throw new CorruptionException(name, offset, top.dataBytes(partition) + " bytes of data", "" + previous);
        }
    }

    /** A compressed block says how much memory it wants before it is read, so that has to be within reason. */
    private void checkContent(int content, long fileBytes, long offset) {
        int payload = (int) fileBytes - tagBytes - BlockTrailer.BYTES;
        if (content < payload || content > Math.min(mostContent, Codecs.mostContent(compression, payload))) {
            throw new CorruptionException(
                    name, offset, "a content length that " + payload + " bytes may have", "" + content);
        }
    }

    /**
     * Before memory is taken for a block that claims to be many times longer than what is stored of it: reads what is stored,
     * to see whether that can be. An encrypted file is authentic.
     */
    private void checkClaim(long offset, int length, int content) throws IOException {
        if (!isBold(length, content)) {
            return;
        }
        byte[] stored = new byte[length];
        readFully(offset, length, new Slab(ByteBuffer.wrap(stored)), 0);
        checkClaim(stored, length, content, offset);
    }

    /** As the other one, of the block that was read to {@code window[from, from + length)}. */
    void checkClaim(Slab window, int from, int length, int content, long offset) {
        if (isBold(length, content)) {
            byte[] stored = new byte[length];
            window.get(from, stored, 0, length);
            checkClaim(stored, length, content, offset);
        }
    }

    private boolean isBold(int length, int content) {
        return cipher == null && content > LEAST_BOLD_BYTES && content / BOLD_RATIO > length;
    }

    private void checkClaim(byte[] stored, int length, int content, long offset) {
        byte type = BlockTrailer.verifyType(new Slab(ByteBuffer.wrap(stored)), 0, length, name, offset);
        int payload = length - BlockTrailer.BYTES;
        long most = payload;
        if (type != BlockTrailer.STORED) {
            if (!Codecs.isId(type)) {
                throw BlockTrailer.unknownType(type, length, name, offset);
            }
            try {
                most = Codecs.ofBlock(type, name).mostContent(stored, 0, payload);
            } catch (BadPayloadException e) {
                throw new CorruptionException(name, offset, "a block that holds " + content + " bytes", e.getMessage());
            }
        }
        if (content > most) {
            throw new CorruptionException(
                    name, offset, "a block that holds " + content + " bytes", "one of at most " + most);
        }
    }

    private void readMeta(long offset, int length, Slab into, int at) throws IOException {
        readVerified(offset, length, length - tagBytes - BlockTrailer.BYTES, into, at);
    }

    /** @param content length of the block without trailer once it is decrypted and decompressed */
    private void readVerified(long offset, int length, int content, Slab into, int at) throws IOException {
        if (isPlain()) {
            readFully(offset, length, into, at);
            BlockTrailer.verify(into, at, length, name, offset);
            return;
        }
        byte[] stored = Scratch.takeStored(length);
        try {
            file.read(offset, ByteBuffer.wrap(stored, 0, length));
        } catch (EOFException e) {
            throw truncated(name, offset, length, file.size());
        }
        Scratch.keepStored(stored);
        decode(stored, length, content, offset, into, at);
    }

    /** Verifies the block in {@code stored[0, length)} and puts its content to {@code into[at]}. */
    private void decode(byte[] stored, int length, int content, long offset, Slab into, int at) {
        byte type = BlockTrailer.verifyType(new Slab(ByteBuffer.wrap(stored)), 0, length, name, offset);
        if (type != BlockTrailer.STORED && !Codecs.isId(type)) {
            throw BlockTrailer.unknownType(type, length, name, offset);
        }
        int sealed = length - BlockTrailer.BYTES;
        byte[] payload = stored;
        if (cipher != null) {
            payload = Scratch.content(sealed);
            cipher.open(offset, type & 0xFF, stored, 0, sealed, payload, 0, offset);
        }
        int payloadBytes = sealed - tagBytes;
        if (type == BlockTrailer.STORED) {
            if (payloadBytes != content) {
                throw new CorruptionException(name, offset, content + " bytes of content", payloadBytes + " bytes");
            }
            into.put(at, payload, 0, content);
        } else {
            // Of the two arrays of this thread, the one that the payload is not in.
            byte[] decompressed = cipher == null ? Scratch.content(content) : Scratch.stored(content);
            decompress(type, payload, payloadBytes, decompressed, content, offset);
            into.put(at, decompressed, 0, content);
        }
    }

    private void decompress(byte type, byte[] payload, int payloadBytes, byte[] into, int content, long offset) {
        try {
            Codecs.ofBlock(type, name).decompress(payload, 0, payloadBytes, into, 0, content);
        } catch (BadPayloadException e) {
            throw new CorruptionException(name, offset, "a block that holds " + content + " bytes", e.getMessage());
        }
    }

    /** Reads file bytes as they are; {@link CorruptionException} when the file ends too early. */
    void readFully(long offset, int length, Slab into, int at) throws IOException {
        try {
            file.read(offset, into.slice(at, length));
        } catch (EOFException e) {
            throw truncated(name, offset, length, file.size());
        }
    }

    /** Decodes the data block that was read to {@code window[from, from + length)} to the beginning of {@code into}. */
    void decodeData(Slab window, int from, int length, int content, long offset, Slab into) {
        byte[] stored = Scratch.stored(length);
        window.get(from, stored, 0, length);
        decode(stored, length, content, offset, into, 0);
        BlockValidator.check(into, 0, content, name, offset);
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

    /** Length of a data block without trailer once it is decoded; the index block is in {@code slab[at, end)}. */
    int contentOfData(Slab slab, int at, int end, int number) {
        if (sized) {
            return slab.getInt(BlockSearch.valueEnd(slab, at, end, number) - 2 * Integer.BYTES);
        }
        long fileBytes = endOfData(slab, at, end, number) - beginOfData(slab, at, end, number);
        return (int) fileBytes - tagBytes - BlockTrailer.BYTES;
    }

    void evictAll() {
        if (slots != null) {
            slots.evictAll();
        }
    }
}
