package io.forebay.store.sst;

import io.forebay.store.WritableFile;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Appends blocks with their trailers to a file, through a buffer, so that small blocks do not cost a write each. */
final class BlockOutput {
    private static final int BUFFER_BYTES = 64 << 10;

    private final WritableFile file;
    private final CRC32C crc = new CRC32C();
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int used;
    private long flushed;

    BlockOutput(WritableFile file) {
        this.file = file;
    }

    /** Where the next block will begin. */
    long position() {
        return flushed + used;
    }

    /** Writes what the builder holds. */
    void block(BlockBuilder builder) throws IOException {
        room(builder.size() + BlockTrailer.BYTES);
        long begin = position();
        int from = used;
        used = builder.finish(buffer, used);
        crc.update(buffer, from, used - from);
        trailer(begin);
    }

    void block(MetaWriter content) throws IOException {
        room(content.size() + BlockTrailer.BYTES);
        long begin = position();
        System.arraycopy(content.array(), 0, buffer, used, content.size());
        crc.update(buffer, used, content.size());
        used += content.size();
        trailer(begin);
    }

    /** Writes {@code words[from, to)}. */
    void block(long[] words, int from, int to) throws IOException {
        int bytes = (to - from) * Long.BYTES;
        room(bytes + BlockTrailer.BYTES);
        long begin = position();
        ByteBuffer.wrap(buffer, used, bytes).asLongBuffer().put(words, from, to - from);
        crc.update(buffer, used, bytes);
        used += bytes;
        trailer(begin);
    }

    /** Writes a block of one entry, whose value is not copied: it may be large. */
    void lone(byte[] key, int offset, int length, long sequence, byte kind, ByteBuffer value) throws IOException {
        room(BlockBuilder.loneSize(length, sequence) + BlockTrailer.BYTES);
        long begin = position();
        int from = used;
        used = BlockBuilder.putLone(buffer, used, key, offset, length, sequence, kind);
        crc.update(buffer, from, used - from);
        flush();
        crc.update(value.duplicate());
        flushed += value.remaining();
        file.append(value);
        trailer(begin);
    }

    void footer(byte[] footer) throws IOException {
        room(footer.length);
        System.arraycopy(footer, 0, buffer, used, footer.length);
        used += footer.length;
    }

    void flush() throws IOException {
        file.append(ByteBuffer.wrap(buffer, 0, used));
        flushed += used;
        used = 0;
    }

    private void trailer(long begin) {
        crc.update(BlockTrailer.STORED);
        int checksum = BlockTrailer.checksum(crc, begin);
        crc.reset();
        buffer[used] = BlockTrailer.STORED;
        new Slab(ByteBuffer.wrap(buffer)).putInt(used + 1, checksum);
        used += BlockTrailer.BYTES;
    }

    private void room(int bytes) throws IOException {
        if (buffer.length - used < bytes) {
            flush();
        }
        if (buffer.length < bytes) {
            buffer = new byte[bytes];
        }
    }
}
