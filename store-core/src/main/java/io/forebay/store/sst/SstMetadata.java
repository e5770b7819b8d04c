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
 * @param tailSizes what the parts of the tail really take
 */
record SstMetadata(
        SstProperties properties, TopIndex top, FragmentArray tombstones, FileCipher cipher, TailSizes tailSizes) {
    /** For a file whose tail is not known: see {@link #load}. */
    static final long UNKNOWN = -1;

    /**
     * The bytes at the end of a file that are read first if no more are known to be needed. The longest footer is in them, and
     * all metadata of a small file.
     */
    private static final int END_BYTES = 8 << 10;

    /** A hint above this is not followed at once: it may be damaged, and the footer says the same. */
    private static final int MOST_HINTED_BYTES = 1 << 20;

    private static final int FIXED_HEAP_BYTES = 1024;
    /** Heap bytes of the expanded key of a cipher, and of what else the JDK keeps for it. */
    private static final int CIPHER_HEAP_BYTES = 4096;
    /** One of the value files that the entries refer to, with the id of its key. */
    private static final long SHARE_HEAP_BYTES = 128;

    /**
     * Reads and verifies the end of a file: with one read when {@code openBytes} is right, else with at most two.
     *
     * @param keyId of the master key if the file must be encrypted; null when it may be plain
     * @param openBytes how many bytes at the end of the file are needed, see {@link TailSizes#openBytes}; a hint, or {@link
     *     #UNKNOWN}
     */
    static SstMetadata load(ReadableFile file, String name, Encryption encryption, String keyId, long openBytes)
            throws IOException {
        long size = file.size();
        byte[] end = end(file, name, size, openBytes);
        SstFormat format;
        FileCipher cipher = null;
        long footerAt = size - SstFormat.FOOTER_BYTES;
        if (EncryptedFooter.isAt(end)) {
            EncryptedFooter footer = EncryptedFooter.decode(end, name, size, encryption);
            format = footer.format();
            cipher = footer.cipher();
            footerAt = footer.begin();
        } else {
            byte[] footer = Arrays.copyOfRange(end, end.length - SstFormat.FOOTER_BYTES, end.length);
            format = SstFormat.decode(footer, name, size);
            encryption.checkPlain(name);
            if (keyId != null) {
                throw plain(name, size, keyId);
            }
        }

        Loader loader = Loader.of(file, name, end, size - end.length, format.topIndexOffset(), cipher);
        long topEnd = format.tombstonesOffset();
        TopIndex top = new TopIndex(
                loader.block(format.topIndexOffset(), topEnd),
                format.tailOffset(),
                format.topIndexOffset(),
                SstFormat.overhead(cipher));
        FragmentArray tombstones = topEnd == format.propertiesOffset()
                ? FragmentArray.EMPTY
                : TombstoneBlock.decode(loader.block(topEnd, format.propertiesOffset()));
        FieldReader in = loader.block(format.propertiesOffset(), footerAt);
        SstProperties properties = PropertiesBlock.decode(in, size, format.tailOffset(), top.dataBlocks(), tombstones);
        TailSizes sizes = new TailSizes(
                top.allFilterBytes(),
                top.allIndexBytes(),
                topEnd - format.topIndexOffset(),
                format.propertiesOffset() - topEnd);
        return new SstMetadata(properties, top, tombstones, cipher, sizes);
    }

    /** Reads the wrapped key of a file that must be encrypted, and does not unwrap it. */
    static KeyEnvelope envelope(ReadableFile file, String name, String keyId) throws IOException {
        long size = file.size();
        byte[] end = end(file, name, size, UNKNOWN);
        if (!EncryptedFooter.isAt(end)) {
            throw plain(name, size, keyId);
        }
        return EncryptedFooter.wrapped(end, name, size).envelope();
    }

    private static byte[] end(ReadableFile file, String name, long size, long openBytes) throws IOException {
        if (size < SstFormat.FOOTER_BYTES) {
            throw SstBlocks.truncated(name, 0, SstFormat.FOOTER_BYTES, size);
        }
        boolean more = openBytes > END_BYTES && openBytes <= MOST_HINTED_BYTES;
        int bytes = (int) Math.min(size, more ? openBytes : END_BYTES);
        return read(file, name, size - bytes, bytes);
    }

    private static CorruptionException plain(String name, long size, String keyId) {
        return new CorruptionException(
                name, size - 8, "a file that is encrypted with key \"" + keyId + "\"", "a plain one");
    }

    private static byte[] read(ReadableFile file, String name, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        read(file, name, offset, bytes, length);
        return bytes;
    }

    private static void read(ReadableFile file, String name, long offset, byte[] into, int length) throws IOException {
        try {
            file.read(offset, ByteBuffer.wrap(into, 0, length));
        } catch (EOFException e) {
            throw SstBlocks.truncated(name, offset, length, file.size());
        }
    }

    /** About how many heap bytes this takes. */
    long heapBytes() {
        return FIXED_HEAP_BYTES
                + (cipher == null ? 0 : CIPHER_HEAP_BYTES)
                + properties.keyHeapBytes()
                + SHARE_HEAP_BYTES * properties.valueFiles().size()
                + top.heapBytes()
                + TombstoneBlock.heapBytes(tombstones);
    }

    /** Gets blocks from the bytes that were read already. */
    private record Loader(String name, byte[] end, long offset, FileCipher cipher) {
        /** Reads what is between {@code from} and the end that was read. */
        static Loader of(ReadableFile file, String name, byte[] end, long offset, long from, FileCipher cipher)
                throws IOException {
            if (from >= offset) {
                return new Loader(name, end, offset, cipher);
            }
            long missing = offset - from;
            if (missing > Integer.MAX_VALUE - 64 - end.length) {
                throw new CorruptionException(name, from, "metadata that fits into memory", missing + " bytes");
            }
            byte[] all = new byte[(int) missing + end.length];
            read(file, name, from, all, (int) missing);
            System.arraycopy(end, 0, all, (int) missing, end.length);
            return new Loader(name, all, from, cipher);
        }

        FieldReader block(long begin, long blockEnd) {
            if (blockEnd - begin < SstFormat.overhead(cipher)) {
                throw new CorruptionException(name, begin, "a block of metadata", (blockEnd - begin) + " bytes");
            }
            int length = (int) (blockEnd - begin);
            int at = (int) (begin - offset);
            byte[] bytes = Arrays.copyOfRange(end, at, at + length);
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
