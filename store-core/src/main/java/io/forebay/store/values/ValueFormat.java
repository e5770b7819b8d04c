package io.forebay.store.values;

import io.forebay.store.CorruptionException;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The layout of a value file, and its footer. {@link ValueFileWriter} writes files, {@link ValueFileReader} reads them.
 *
 * <pre>
 * ValueFile  --> Magic:u64 "FOREBAYV", Value*, Properties, Footer
 * Value      --> content, Checksum:u32                           in a plain file
 *              | {@link FileCipher message} of kind {@link FileCipher#KIND_VALUE}           in an encrypted file
 * Properties --> {@link ValueProperties}, Checksum:u32
 *              | {@link FileCipher message} of kind {@link FileCipher#KIND_VALUE_PROPERTIES}
 * Footer     --> {@link KeyEnvelope}?, PropertiesOffset:u64, EnvelopeLength:u32, Version:u32, Checksum:u32, Magic:u64 "FOREBAYV"
 * </pre>
 *
 * The checksum of values and properties is the masked CRC-32C of the content and its length as u32, exclusive-or the offset of the
 * content in the file (both halves of it); so neither a part of a value nor a value of another place passes. That of a value is
 * exclusive-or the masked CRC-32C of the {@link ValueProperties id} of the file as well, so that a value of another file does not pass
 * either. A message is at the offset where it starts, and authenticates the name of its file. The checksum of the footer is the masked CRC-32C of all footer bytes before it; the envelope is part of the
 * footer, its length is 0 in a plain file. Every version keeps the last 16 bytes of the footer.
 *
 * @param propertiesOffset where the values end
 * @param footerOffset where the properties end
 * @param envelope null in a plain file
 */
record ValueFormat(long propertiesOffset, long footerOffset, KeyEnvelope envelope) {
    /** "FOREBAYV". */
    static final long MAGIC = 0x464F524542415956L;

    /** Where the first value is. */
    static final int FIRST_VALUE = Long.BYTES;

    static final int CHECKSUM_BYTES = Integer.BYTES;
    /** A file is not longer. */
    static final long MAX_FILE_BYTES = 1L << 40;
    /** Properties are not longer, so that a forged footer takes no more memory. */
    static final int MAX_PROPERTIES_BYTES = 64 << 10;

    /** The footer of a plain file. */
    static final int FOOTER_BYTES = 28;

    private static final int VERSION_FROM_END = 16;
    private static final int ENVELOPE_LENGTH_FROM_END = 20;
    private static final int CHECKSUM_FROM_END = 12;
    /** The longest footer. */
    static final int MAX_FOOTER_BYTES = KeyEnvelope.MAX_BYTES + FOOTER_BYTES;

    /** The bytes that a value or the properties take beyond their content. @param cipher null for a plain file */
    static int overhead(FileCipher cipher) {
        return cipher == null ? CHECKSUM_BYTES : FileCipher.TAG_BYTES;
    }

    /** What the checksums of the values of a file with that id have of it. */
    static int salt(long high, long low) {
        byte[] id =
                ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array();
        return Crc32c.masked(id, 0, id.length);
    }

    /**
     * The checksum of a content of that length at that offset, whose bytes {@code crc} has seen.
     *
     * @param salt of the file for a value; 0 for properties, which have the id in them
     */
    static int checksum(CRC32C crc, int length, long offset, int salt) {
        for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            crc.update(length >>> shift);
        }
        return Crc32c.mask((int) crc.getValue()) ^ (int) (offset ^ (offset >>> 32)) ^ salt;
    }

    /** Checks the content {@code bytes[0, length)} and the checksum after it, which were read at that offset. */
    static void verify(byte[] bytes, int length, String file, long offset, int salt) {
        verify(bytes, length, ByteBuffer.wrap(bytes).getInt(length), file, offset, salt);
    }

    /** As the other method, with the checksum that was read. */
    static void verify(byte[] bytes, int length, int expected, String file, long offset, int salt) {
        verify(ByteBuffer.wrap(bytes, 0, length), length, expected, file, offset, salt);
    }

    /** As the other method. @param bytes the content, up to its limit */
    static void verify(ByteBuffer bytes, int length, int expected, String file, long offset, int salt) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        int found = checksum(crc, length, offset, salt);
        if (expected != found) {
            throw new CorruptionException(
                    file,
                    offset,
                    "checksum " + Integer.toHexString(expected) + " of " + length + " bytes",
                    Integer.toHexString(found));
        }
    }

    byte[] encode() {
        int envelopeLength = envelope == null ? 0 : envelope.length();
        ByteBuffer footer = ByteBuffer.allocate(envelopeLength + FOOTER_BYTES);
        if (envelope != null) {
            envelope.write(footer.array(), 0);
        }
        footer.position(envelopeLength);
        footer.putLong(propertiesOffset).putInt(envelopeLength).putInt(FormatVersion.CURRENT);
        footer.putInt(Crc32c.masked(footer.array(), 0, footer.position())).putLong(MAGIC);
        return footer.array();
    }

    /** @param end the last bytes of a file of {@code size} bytes: {@link #MAX_FOOTER_BYTES}, or the whole file */
    static ValueFormat decode(byte[] end, String file, long size) {
        if (end.length < FIRST_VALUE + FOOTER_BYTES) {
            throw new CorruptionException(
                    file, 0, "a file of at least " + (FIRST_VALUE + FOOTER_BYTES) + " bytes", size + " bytes");
        }
        ByteBuffer in = ByteBuffer.wrap(end);
        long magic = in.getLong(end.length - Long.BYTES);
        if (magic != MAGIC) {
            throw new CorruptionException(
                    file, size - Long.BYTES, "magic " + Long.toHexString(MAGIC), Long.toHexString(magic));
        }
        int envelopeLength = in.getInt(end.length - ENVELOPE_LENGTH_FROM_END);
        int footerAt = end.length - FOOTER_BYTES - envelopeLength;
        if (envelopeLength < 0 || envelopeLength > KeyEnvelope.MAX_BYTES || footerAt < 0) {
            throw new CorruptionException(
                    file,
                    size - ENVELOPE_LENGTH_FROM_END,
                    "a wrapped key that fits the file",
                    "one of " + envelopeLength + " bytes");
        }
        long footerOffset = size - end.length + footerAt;
        int expected = in.getInt(end.length - CHECKSUM_FROM_END);
        int found = Crc32c.masked(end, footerAt, end.length - CHECKSUM_FROM_END - footerAt);
        if (expected != found) {
            throw new CorruptionException(
                    file, footerOffset, "footer checksum " + Integer.toHexString(expected), Integer.toHexString(found));
        }
        int version = in.getInt(end.length - VERSION_FROM_END);
        FormatVersion.check(version, "Value file " + file, file, size - VERSION_FROM_END);
        long propertiesOffset = in.getLong(footerAt + envelopeLength);
        long propertiesBytes = footerOffset - propertiesOffset;
        if (propertiesOffset < FIRST_VALUE || propertiesBytes < 1 || propertiesBytes > MAX_PROPERTIES_BYTES) {
            throw new CorruptionException(
                    file, footerOffset, "properties before the footer", "their offset " + propertiesOffset);
        }
        return new ValueFormat(
                propertiesOffset, footerOffset, envelope(end, footerAt, envelopeLength, file, footerOffset));
    }

    private static KeyEnvelope envelope(byte[] end, int at, int length, String file, long offset) {
        if (length == 0) {
            return null;
        }
        KeyEnvelope read = KeyEnvelope.read(end, at, at + length, file, offset);
        if (read.length() != length) {
            throw new CorruptionException(
                    file, offset, "a wrapped key of " + length + " bytes", read.length() + " bytes");
        }
        return read;
    }
}
