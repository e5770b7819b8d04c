package io.forebay.store.sst;

import io.forebay.store.WritableFile;
import io.forebay.store.compress.Codec;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.FieldWriter;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Appends blocks with their trailers to a file, encrypted if there is a cipher. A buffer saves a write for each small block.
 * Data blocks are compressed if there is a codec; their size is known only after that, so they are prepared first and written
 * later. Used by one thread.
 */
final class BlockOutput {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final WritableFile file;
    /** Null for a plain file. */
    private final FileCipher cipher;

    /** Null when data blocks are not compressed. */
    private final BlockPacker packer;

    /** Gets what is written, before encryption and compression; null for none. */
    private CacheFill fill;

    private final int overhead;
    private final CRC32C crc = new CRC32C();
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int used;
    private long flushed;

    BlockOutput(WritableFile file, FileCipher cipher, Codec codec) {
        this.file = file;
        this.cipher = cipher;
        this.packer = codec == null ? null : new BlockPacker(codec);
        this.overhead = SstFormat.overhead(cipher);
    }

    /** From now on blocks of data and of the tail are offered to the cache as well. */
    void fill(CacheFill newFill) {
        fill = newFill;
    }

    /** Where a filter or index block of that length, which is complete now, will enter the cache. */
    CacheAdmission.Place tailPlace(int length) {
        return fill == null ? CacheAdmission.Place.NONE : fill.tailPlace(length);
    }

    /** The bytes that a block takes in the file beyond its content. */
    int overhead() {
        return overhead;
    }

    boolean compresses() {
        return packer != null;
    }

    /** The offset in the file at which the next block will start. */
    long position() {
        return flushed + used;
    }

    /** Compresses the data block in the builder, if there is a codec. @return the bytes that the block will take in the file */
    int prepare(BlockBuilder builder) {
        return overhead + (packer == null ? builder.size() : packer.pack(builder));
    }

    /** Writes the data block that was prepared last. */
    void prepared(BlockBuilder builder) throws IOException {
        if (packer == null) {
            block(builder);
        } else {
            if (fill != null) {
                fill.data(packer.content(), 0, packer.contentLength());
            }
            writePacked();
        }
    }

    private void writePacked() throws IOException {
        room(Math.addExact(packer.length(), overhead));
        long begin = position();
        int from = used;
        System.arraycopy(packer.bytes(), 0, buffer, used, packer.length());
        used += packer.length();
        end(begin, from, packer.type());
        packer.release();
        shrink();
    }

    private void block(BlockBuilder builder) throws IOException {
        room(builder.size() + overhead + BlockBuilder.SLACK);
        long begin = position();
        int from = used;
        used = builder.finish(buffer, used);
        if (fill != null) {
            fill.data(buffer, from, used - from);
        }
        end(begin, from);
    }

    void block(FieldWriter content) throws IOException {
        block(content.array(), 0, content.size());
    }

    /** Writes the filter or index block {@code content[at, at + length)}. @param place in the cache */
    void tail(byte[] content, int at, int length, CacheAdmission.Place place) throws IOException {
        if (fill != null) {
            fill.tail(place, content, at, length);
        }
        block(content, at, length);
    }

    private void block(byte[] content, int at, int length) throws IOException {
        room(Math.addExact(length, overhead));
        long begin = position();
        int from = used;
        System.arraycopy(content, at, buffer, used, length);
        used += length;
        end(begin, from);
    }

    /** As {@link #prepare}, for a block of one entry; {@code value} is not changed. */
    long prepareLone(byte[] key, int offset, int length, long sequence, byte kind, ByteBuffer value) {
        if (packer == null) {
            return (long) BlockBuilder.loneSize(length, sequence) + value.remaining() + overhead;
        }
        return (long) packer.packLone(key, offset, length, sequence, kind, value.duplicate()) + overhead;
    }

    /** Writes a block of one entry. The value may be large, so it is copied only if it is encrypted or compressed. */
    void lone(byte[] key, int offset, int length, long sequence, byte kind, ByteBuffer value) throws IOException {
        if (fill != null) {
            fill.longData();
        }
        if (packer != null) {
            writePacked();
            return;
        }
        if (cipher != null) {
            encryptedLone(key, offset, length, sequence, kind, value);
            return;
        }
        room(BlockBuilder.loneSize(length, sequence) + BlockTrailer.BYTES);
        long begin = position();
        int from = used;
        used = BlockBuilder.putLone(buffer, used, key, offset, length, sequence, kind);
        crc.update(buffer, from, used - from);
        flush();
        crc.update(value.duplicate());
        flushed += value.remaining();
        file.append(value);
        trailer(begin, BlockTrailer.STORED);
    }

    private void encryptedLone(byte[] key, int offset, int length, long sequence, byte kind, ByteBuffer value)
            throws IOException {
        room(Math.addExact(BlockBuilder.loneSize(length, sequence) + overhead, value.remaining()));
        long begin = position();
        int from = used;
        used = BlockBuilder.putLone(buffer, used, key, offset, length, sequence, kind);
        int valueLength = value.remaining();
        value.get(buffer, used, valueLength);
        used += valueLength;
        end(begin, from);
        shrink();
    }

    /** Gives back the buffer of a large block. */
    private void shrink() throws IOException {
        if (buffer.length > BUFFER_BYTES) {
            flush();
            buffer = new byte[BUFFER_BYTES];
        }
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

    /** Encrypts the content of a block, which lies in {@code buffer[from, used)}, and adds the trailer. */
    private void end(long begin, int from) {
        end(begin, from, BlockTrailer.STORED);
    }

    private void end(long begin, int from, byte type) {
        if (cipher != null) {
            cipher.seal(begin, type, buffer, from, used - from, buffer, from);
            used += FileCipher.TAG_BYTES;
        }
        crc.update(buffer, from, used - from);
        trailer(begin, type);
    }

    private void trailer(long begin, byte type) {
        crc.update(type);
        int checksum = BlockTrailer.checksum(crc, begin);
        crc.reset();
        buffer[used] = type;
        INT.set(buffer, used + 1, checksum);
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
