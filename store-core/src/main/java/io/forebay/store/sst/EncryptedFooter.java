package io.forebay.store.sst;

import io.forebay.store.CorruptionException;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The end of an encrypted SST.
 *
 * <pre>
 * EncryptedFooter --&gt; {@link KeyEnvelope}, Offsets, EnvelopeLength:u32, Version:u32, Checksum:u32, Magic:u64 "FOREBAYX"
 * Offsets         --&gt; {@link FileCipher message} at the offset of the footer, of kind {@link FileCipher#KIND_FOOTER}:
 *                     TailOffset:u64, TopIndexOffset:u64, TombstonesOffset:u64, PropertiesOffset:u64
 * </pre>
 *
 * The checksum is the masked CRC-32C of all footer bytes before it. The last 16 bytes have the layout of those of a plain
 * footer.
 *
 * @param format where the parts of the file are
 * @param begin offset of the footer in the file
 */
record EncryptedFooter(SstFormat format, FileCipher cipher, long begin) {
    static final long MAGIC = 0x464F524542415958L;

    private static final int OFFSETS_BYTES = SstFormat.OFFSETS_BYTES;
    private static final int FIXED_BYTES = OFFSETS_BYTES + FileCipher.TAG_BYTES + 20;
    private static final int UNCHECKED_BYTES = 12;
    /** The length of the longest footer. */
    static final int MAX_BYTES = KeyEnvelope.MAX_BYTES + FIXED_BYTES;

    static int length(FileCipher cipher) {
        return cipher.envelope().length() + FIXED_BYTES;
    }

    /** @param begin offset of the footer in the file */
    static byte[] encode(SstFormat format, FileCipher cipher, long begin) {
        int envelopeLength = cipher.envelope().length();
        ByteBuffer footer = ByteBuffer.allocate(length(cipher));
        cipher.envelope().write(footer.array(), 0);
        footer.position(envelopeLength);
        format.putOffsets(footer);
        byte[] bytes = footer.array();
        cipher.seal(begin, FileCipher.KIND_FOOTER, bytes, envelopeLength, OFFSETS_BYTES, bytes, envelopeLength);
        footer.position(envelopeLength + OFFSETS_BYTES + FileCipher.TAG_BYTES);
        footer.putInt(envelopeLength).putInt(FormatVersion.CURRENT);
        footer.putInt(Crc32c.masked(bytes, 0, bytes.length - UNCHECKED_BYTES)).putLong(MAGIC);
        return bytes;
    }

    /** True when a file that ends with {@code tail} is marked as encrypted. */
    static boolean isAt(byte[] tail) {
        return ByteBuffer.wrap(tail).getLong(tail.length - Long.BYTES) == MAGIC;
    }

    /**
     * The part of a footer that can be read without a key: the envelope. The footer starts at index {@code at} of the tail,
     * which is offset {@code begin} of the file.
     */
    record Wrapped(KeyEnvelope envelope, int at, long begin, int version) {}

    /** @param tail the end of a file of {@code size} bytes: {@link #MAX_BYTES} of it, or the whole file */
    static Wrapped wrapped(byte[] tail, String file, long size) {
        ByteBuffer in = ByteBuffer.wrap(tail);
        int fixedAt = tail.length - FIXED_BYTES;
        int envelopeLength = fixedAt < 0 ? -1 : in.getInt(tail.length - 20);
        if (envelopeLength < 1 || envelopeLength > Math.min(fixedAt, KeyEnvelope.MAX_BYTES)) {
            throw new CorruptionException(
                    file, size - 20, "a wrapped key that fits the file", "one of " + envelopeLength + " bytes");
        }
        int footerAt = fixedAt - envelopeLength;
        long begin = size - (tail.length - footerAt);
        int expected = in.getInt(tail.length - UNCHECKED_BYTES);
        int found = Crc32c.masked(tail, footerAt, tail.length - UNCHECKED_BYTES - footerAt);
        if (expected != found) {
            throw new CorruptionException(
                    file, begin, "footer checksum " + Integer.toHexString(expected), Integer.toHexString(found));
        }
        int version = in.getInt(tail.length - 16);
        SstFormat.checkVersion(version, file, size);
        KeyEnvelope envelope = KeyEnvelope.read(tail, footerAt, fixedAt, file, begin);
        if (envelope.length() != envelopeLength) {
            throw new CorruptionException(
                    file, begin, "a wrapped key of " + envelopeLength + " bytes", envelope.length() + " bytes");
        }
        return new Wrapped(envelope, footerAt, begin, version);
    }

    /** @param tail as of {@link #wrapped} */
    static EncryptedFooter decode(byte[] tail, String file, long size, Encryption encryption) throws IOException {
        Wrapped wrapped = wrapped(tail, file, size);
        long begin = wrapped.begin;
        int fixedAt = wrapped.at + wrapped.envelope.length();
        FileCipher cipher = encryption.open(wrapped.envelope, file, begin);
        byte[] plain = new byte[OFFSETS_BYTES];
        int sealedBytes = OFFSETS_BYTES + FileCipher.TAG_BYTES;
        cipher.open(begin, FileCipher.KIND_FOOTER, tail, fixedAt, sealedBytes, plain, 0, size - FIXED_BYTES);
        SstFormat format = SstFormat.ofOffsets(ByteBuffer.wrap(plain));
        format.check(wrapped.version, begin, file, size);
        return new EncryptedFooter(format, cipher, begin);
    }
}
