package io.forebay.store.sst;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.BlockSource;
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
 * The blocks of one open file by their numbers (see {@link TopIndex}), through the cache. A block is read, verified, decrypted,
 * decompressed and validated when it enters the cache; there it takes its content and room for a trailer, whether the file is
 * encrypted or not. Only a miss looks up in the index block where a data block lies: a hit needs nothing but the number of the
 * block. Thread-safe.
 */
final class SstBlocks implements BlockSource {
    private final ReadableFile file;
    private final String name;
    private final TopIndex top;
    private final BlockCache cache;
    private final BlockSlots slots;
    private final int firstIndexOrdinal;
    /** Null for a plain file. */
    private final FileCipher cipher;
    /** True when the index has the content lengths of data blocks, which may be compressed. */
    private final boolean sized;

    private final ContentClaims claims;
    /** Null when the file is not mapped. */
    private final MappedBlocks mapped;
    /** The bytes by which a block that is not compressed is shorter in the cache than in the file. */
    private final int tagBytes;

    /**
     * @param cache null for a reader that does not use the cache
     * @param slots the cached blocks of the file; null without a cache
     */
    SstBlocks(ReadableFile file, String name, SstMetadata metadata, BlockCache cache, BlockSlots slots) {
        this(file, name, metadata, cache, slots, null);
    }

    /** @param mapped its data blocks if it is mapped; else null */
    SstBlocks(
            ReadableFile file,
            String name,
            SstMetadata metadata,
            BlockCache cache,
            BlockSlots slots,
            MappedBlocks mapped) {
        this.file = file;
        this.name = name;
        this.top = metadata.top();
        this.cache = cache;
        this.slots = slots;
        this.firstIndexOrdinal = top.firstIndexOrdinal();
        this.cipher = metadata.cipher();
        this.sized = metadata.properties().compression() != Compression.NONE;
        this.tagBytes = cipher == null ? 0 : FileCipher.TAG_BYTES;
        this.claims = ContentClaims.of(name, metadata);
        this.mapped = mapped;
    }

    /** Null when the file is not mapped. */
    MappedBlocks mapped() {
        return mapped;
    }

    /** True when data blocks have the same bytes in the file and in memory. */
    boolean isPlain() {
        return cipher == null && !sized;
    }

    static boolean isPlain(SstMetadata metadata) {
        return metadata.cipher() == null && metadata.properties().compression() == Compression.NONE;
    }

    /** The bytes in the cache of an index or filter block of so many bytes in the file. */
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

    // A block is pinned by its ordinal, as long as its bytes are used: {@code slab[BlockSlots.offset(pin), end)}.

    // Data blocks come first, so the ordinal of a data block is its number.

    int indexOrdinal(int partition) {
        return firstIndexOrdinal + partition;
    }

    /** As {@link BlockSlots#pin}. The caller counts the use of the block. */
    long pin(int ordinal) throws IOException {
        return slots.pin(ordinal, this);
    }

    void unpin(int ordinal, long pin) {
        slots.unpin(ordinal, pin);
    }

    /** The memory with a pinned block, or a copy of a block for which the cache has no room. */
    Slab slab(int ordinal, long pin) throws IOException {
        return pin != 0 ? slots.slab(pin) : readToHeap(ordinal);
    }

    private Slab readToHeap(int ordinal) throws IOException {
        Slab slab = new Slab(ByteBuffer.allocate(length(ordinal)));
        read(ordinal, slab, 0);
        return slab;
    }

    /** Where a block in {@link #slab} ends, without its trailer. */
    int bodyEnd(Slab slab, long pin) {
        return (pin != 0 ? BlockSlots.offset(pin) + slots.length(pin) : slab.capacity()) - BlockTrailer.BYTES;
    }

    /**
     * The first data block of a partition that may have keys at or after {@code key}. The partition must have such a block. The
     * caller counts the use of the index block.
     */
    int find(int partition, byte[] key, int offset, int keyLength) throws IOException {
        int ordinal = indexOrdinal(partition);
        long pin = pin(ordinal);
        try {
            Slab index = slab(ordinal, pin);
            return top.firstDataBlock(partition)
                    + BlockSearch.lowerBound(index, BlockSlots.offset(pin), key, offset, keyLength);
        } finally {
            unpin(ordinal, pin);
        }
    }

    /** True when a data block was in the cache a moment ago. */
    boolean isCached(int dataBlock) {
        return slots.isCached(dataBlock);
    }

    /** True when blocks can enter the cache without the eviction of others. */
    boolean hasCacheRoom() {
        return cache.hasRoom();
    }

    @Override
    public int length(int ordinal) throws IOException {
        if (ordinal >= firstIndexOrdinal) {
            return cachedBytes(top.indexBytes(ordinal - firstIndexOrdinal));
        }
        if (ordinal >= top.dataBlocks()) {
            return cachedBytes(top.filterBytes(ordinal));
        }
        int partition = top.partitionOfDataBlock(ordinal);
        int indexOrdinal = indexOrdinal(partition);
        slots.countUses(1);
        long pin = pin(indexOrdinal);
        try {
            Slab index = slab(indexOrdinal, pin);
            int at = BlockSlots.offset(pin);
            int end = bodyEnd(index, pin);
            int number = ordinal - top.firstDataBlock(partition);
            int content = contentOfData(index, at, end, number);
            if (sized) {
                long begin = startOfData(index, at, end, number);
                int bytes = (int) (endOfData(index, at, end, number) - begin);
                checkClaim(top.dataOffset(partition) + begin, bytes, content);
            }
            return content + BlockTrailer.BYTES;
        } finally {
            unpin(indexOrdinal, pin);
        }
    }

    @Override
    public void read(int ordinal, Slab into, int at) throws IOException {
        if (ordinal >= firstIndexOrdinal) {
            readIndex(ordinal - firstIndexOrdinal, into, at);
        } else if (ordinal >= top.dataBlocks()) {
            readMeta(top.filterOffset(ordinal), top.filterBytes(ordinal), into, at);
        } else {
            readData(ordinal, into, at);
        }
    }

    private void readData(int dataBlock, Slab into, int at) throws IOException {
        int partition = top.partitionOfDataBlock(dataBlock);
        long offset;
        int length;
        int content;
        int indexOrdinal = indexOrdinal(partition);
        slots.countUses(1);
        long pin = pin(indexOrdinal);
        try {
            Slab index = slab(indexOrdinal, pin);
            int indexAt = BlockSlots.offset(pin);
            int end = bodyEnd(index, pin);
            int number = dataBlock - top.firstDataBlock(partition);
            long begin = startOfData(index, indexAt, end, number);
            offset = top.dataOffset(partition) + begin;
            length = (int) (endOfData(index, indexAt, end, number) - begin);
            content = contentOfData(index, indexAt, end, number);
        } finally {
            unpin(indexOrdinal, pin);
        }
        readVerified(offset, length, content, into, at);
        BlockValidator.check(into, at, content, name, offset);
        if (mapped != null) {
            mapped.verified(dataBlock, offset, length);
        }
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
                int payload = (int) (next - previous) - tagBytes - BlockTrailer.BYTES;
                claims.checkPlausible(contentOfData(into, at, end, i), payload, offset);
            }
            previous = next;
        }
        if (previous != top.dataBytes(partition)) {
            throw new CorruptionException(name, offset, top.dataBytes(partition) + " bytes of data", "" + previous);
        }
    }

    /**
     * Called before memory is taken for a block that claims to be many times longer than its stored bytes: reads those bytes to
     * check the claim. A block of an encrypted file is not checked, because its index is authenticated.
     */
    private void checkClaim(long offset, int length, int content) throws IOException {
        if (!claims.isBold(length, content)) {
            return;
        }
        byte[] stored = new byte[length];
        readFully(offset, length, new Slab(ByteBuffer.wrap(stored)), 0);
        claims.check(stored, length, content, offset);
    }

    /** The same check for a block that was read to {@code window[from, from + length)}. */
    void checkClaim(Slab window, int from, int length, int content, long offset) {
        if (claims.isBold(length, content)) {
            byte[] stored = new byte[length];
            window.get(from, stored, 0, length);
            claims.check(stored, length, content, offset);
        }
    }

    private void readMeta(long offset, int length, Slab into, int at) throws IOException {
        readVerified(offset, length, length - tagBytes - BlockTrailer.BYTES, into, at);
    }

    /** @param content length of the decrypted and decompressed block without trailer */
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
            // Uses that array of the two of this thread which the payload is not in.
            byte[] decompressed = cipher == null ? Scratch.content(content) : Scratch.stored(content);
            decompress(type, payload, payloadBytes, decompressed, content, offset);
            into.put(at, decompressed, 0, content);
        }
    }

    private void decompress(byte type, byte[] payload, int payloadBytes, byte[] into, int content, long offset) {
        try {
            Codecs.ofBlock(type, name).decompress(payload, 0, payloadBytes, into, 0, content);
        } catch (BadPayloadException e) {
            throw new CorruptionException(name, offset, "a block of " + content + " bytes of content", e.getMessage());
        }
    }

    /** Reads bytes of the file without decoding them; {@link CorruptionException} when the file ends too early. */
    void readFully(long offset, int length, Slab into, int at) throws IOException {
        try {
            file.read(offset, into.slice(at, length));
        } catch (EOFException e) {
            throw truncated(name, offset, length, file.size());
        }
    }

    /** Decodes the data block that was read to {@code window[from, from + length)} to the start of {@code into}. */
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

    /** The offset of a data block, counted from the start of its partition; the index block is in {@code slab[at, end)}. */
    static long startOfData(Slab slab, int at, int end, int number) {
        return number == 0 ? 0 : endOfData(slab, at, end, number - 1);
    }

    static long endOfData(Slab slab, int at, int end, int number) {
        return slab.getInt(BlockSearch.valueEnd(slab, at, end, number) - Integer.BYTES) & 0xFFFFFFFFL;
    }

    /** Length of a decoded data block without trailer; the index block is in {@code slab[at, end)}. */
    int contentOfData(Slab slab, int at, int end, int number) {
        if (sized) {
            return slab.getInt(BlockSearch.valueEnd(slab, at, end, number) - 2 * Integer.BYTES);
        }
        long fileBytes = endOfData(slab, at, end, number) - startOfData(slab, at, end, number);
        return (int) fileBytes - tagBytes - BlockTrailer.BYTES;
    }

    void evictAll() {
        if (slots != null) {
            slots.evictAll();
        }
    }
}
