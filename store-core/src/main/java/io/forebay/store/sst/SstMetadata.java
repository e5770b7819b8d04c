package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.Slab;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The metadata of a file: what {@link SstReader} keeps in memory. Immutable.
 *
 * @param cipher null for a plain file
 */
record SstMetadata(SstProperties properties, TopIndex top, FragmentArray tombstones, FileCipher cipher) {
    /**
     * The bytes at the end of a file that are read first. A small file has all its metadata there, so that one read opens it.
     */
    private static final int TAIL_BYTES = 8 << 10;

    private static final int FIXED_HEAP_BYTES = 1024;
    /** Heap bytes of the expanded key of a cipher, and of what else the JDK keeps for it. */
    private static final int CIPHER_HEAP_BYTES = 4096;

    /**
     * Reads and verifies the end of a file.
     *
     * @param keyId of the master key if the file must be encrypted; null when it may be plain
     */
    static SstMetadata load(ReadableFile file, String name, Encryption encryption, String keyId) throws IOException {
        long size = file.size();
        byte[] tail = tail(file, name, size);
        int tailBytes = tail.length;
        SstFormat format;
        FileCipher cipher = null;
        long end = size - SstFormat.FOOTER_BYTES;
        if (EncryptedFooter.isAt(tail)) {
            EncryptedFooter footer = EncryptedFooter.decode(tail, name, size, encryption);
            format = footer.format();
            cipher = footer.cipher();
            end = footer.begin();
        } else {
            byte[] footer = Arrays.copyOfRange(tail, tailBytes - SstFormat.FOOTER_BYTES, tailBytes);
            format = SstFormat.decode(footer, name, size);
            encryption.checkPlain(name);
            if (keyId != null) {
                throw plain(name, size, keyId);
            }
        }

        Loader loader = new Loader(file, name, ByteBuffer.wrap(tail), size - tailBytes, cipher);
        long topEnd = format.tombstonesOffset();
        TopIndex top = new TopIndex(
                loader.block(format.topIndexOffset(), topEnd), format.topIndexOffset(), SstFormat.overhead(cipher));
        FragmentArray tombstones = topEnd == format.propertiesOffset()
                ? FragmentArray.EMPTY
                : TombstoneBlock.decode(loader.block(topEnd, format.propertiesOffset()));
        FieldReader in = loader.block(format.propertiesOffset(), end);
        SstProperties properties = PropertiesBlock.decode(in, size, top.dataBlocks(), tombstones);
        return new SstMetadata(properties, top, tombstones, cipher);
    }

    /** Reads the wrapped key of a file that must be encrypted, and does not unwrap it. */
    static KeyEnvelope envelope(ReadableFile file, String name, String keyId) throws IOException {
        long size = file.size();
        byte[] tail = tail(file, name, size);
        if (!EncryptedFooter.isAt(tail)) {
            throw plain(name, size, keyId);
        }
        return EncryptedFooter.wrapped(tail, name, size).envelope();
    }

    private static byte[] tail(ReadableFile file, String name, long size) throws IOException {
        if (size < SstFormat.FOOTER_BYTES) {
            throw SstBlocks.truncated(name, 0, SstFormat.FOOTER_BYTES, size);
        }
        int tailBytes = (int) Math.min(size, TAIL_BYTES);
        return read(file, name, size - tailBytes, tailBytes);
    }

    private static CorruptionException plain(String name, long size, String keyId) {
        return new CorruptionException(
                name, size - 8, "a file that is encrypted with key \"" + keyId + "\"", "a plain one");
    }

    private static byte[] read(ReadableFile file, String name, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        try {
            file.read(offset, ByteBuffer.wrap(bytes));
        } catch (EOFException e) {
            throw SstBlocks.truncated(name, offset, length, file.size());
        }
        return bytes;
    }

    /** About how many heap bytes this takes. */
    long heapBytes() {
        return FIXED_HEAP_BYTES
                + (cipher == null ? 0 : CIPHER_HEAP_BYTES)
                + top.heapBytes()
                + TombstoneBlock.heapBytes(tombstones);
    }

    /** Gets blocks from the tail that was read already, else from the file. */
    private record Loader(ReadableFile file, String name, ByteBuffer tail, long tailOffset, FileCipher cipher) {
        FieldReader block(long begin, long end) throws IOException {
            if (end - begin > Integer.MAX_VALUE - 64 || end - begin < SstFormat.overhead(cipher)) {
                throw new CorruptionException(name, begin, "a block of metadata", (end - begin) + " bytes");
            }
            int length = (int) (end - begin);
            byte[] bytes;
            if (begin >= tailOffset) {
                bytes = new byte[length];
                tail.get((int) (begin - tailOffset), bytes);
            } else {
                bytes = read(file, name, begin, length);
            }
            BlockTrailer.verify(new Slab(ByteBuffer.wrap(bytes)), 0, length, name, begin);
            int content = length - SstFormat.overhead(cipher);
            if (cipher != null) {
                byte[] plain = new byte[content];
                int kind = bytes[length - BlockTrailer.BYTES] & 0xFF;
                cipher.open(begin, kind, bytes, 0, length - BlockTrailer.BYTES, plain, 0, begin);
                bytes = plain;
            }
            return new FieldReader(bytes, content, name, begin);
        }
    }
}
