package io.forebay.store.wal;

import io.forebay.store.util.Crc32c;
import io.forebay.store.util.Varint;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The layout of a write-ahead log; fixed numbers are big-endian, a {@code number} is an unsigned LEB128.
 *
 * <pre>
 * File name --&gt; "WAL-" number:16 decimal digits
 * Log       --&gt; Header Start Record*
 * Header    --&gt; magic:8 "FBWALOG1", format version:4, id:8, number:8, envelope length:4 (0: plain), Envelope, Crc:4
 * Start     --&gt; a Record without entries: the first sequence number that the log may hold
 * Record    --&gt; Head, Crc:4, Payload, End:1
 * Head      --&gt; Tag:1, Length:4 (of the payload), HeadCrc:4
 * Tag       --&gt; 0xD0 + mask (0 to 15)
 * End       --&gt; 0xED
 * Payload   --&gt; number (bytes before this record that were not known to be synced when it was written)
 *               number (sequence number of the first write) Entry*
 * Entry     --&gt; Write | 5 number Write{number}                 a batch of so many writes
 *             | 6 number payload                              a commit
 * Write     --&gt; 1 number key number value                     put
 *             | 2 number key                                  delete
 *             | 3 number key number operand                   merge
 *             | 4 number from number to                       delete of a range; the length of "to" plus 1, 0 for no end
 * </pre>
 *
 * <p>Every write and every commit takes the next sequence number. The checksum of a header is that of the bytes before it.
 * The checksum of a record covers the id and the number of its log, the position of the record, its head and its payload,
 * so bytes in any other place are no record. The head has a checksum of its own, which covers the same except the payload.
 * So a reader can tell a damaged length from one that leads beyond the end of the file, and can find the records after a
 * bad one without taking each number among the bytes for a length.
 *
 * <p>In an encrypted log payloads are {@link io.forebay.store.crypto.FileCipher messages} whose position is that of the record
 * in the file. Checksums are those of the bytes in the file.
 *
 * <p>The part of a record in one sector never has only zeros. So zeros there say that a crash kept this part from the disk:
 * tag and end are not zero, and a payload with a sector of zeros is combined with a fixed pattern that the mask selects.
 */
final class WalFormat {
    static final long MAGIC = 0x4642_5741_4C4F_4731L;

    static final int VERSION_AT = 8;
    static final int ID_AT = 12;
    static final int NUMBER_AT = 20;
    static final int ENVELOPE_LENGTH_AT = 28;
    static final int ENVELOPE_AT = 32;
    static final int HEADER_CRC_BYTES = 4;

    static final int TAG = 0xD0;
    static final int MASKS = 15;
    static final byte END = (byte) 0xED;
    static final int LENGTH_AT = 1;
    static final int HEAD_CRC_AT = 5;
    static final int CRC_AT = 9;
    static final int PAYLOAD_AT = 13;
    /** Bytes of a record without its payload. */
    static final int OVERHEAD = PAYLOAD_AT + 1;

    static final int LEAST_PAYLOAD = 2;
    /** Most bytes of the payload of a start in a log that is not encrypted. */
    static final int LONGEST_START = 2 * Varint.MAX_LONG_BYTES;
    /** Most bytes of header and start of a log that is not encrypted. */
    static final int LONGEST_PLAIN_BEGIN = ENVELOPE_AT + HEADER_CRC_BYTES + OVERHEAD + LONGEST_START;

    static final int MAX_PAYLOAD = Integer.MAX_VALUE - 256;
    /** The smallest unit that a disk writes as a whole. */
    static final int SECTOR_BYTES = 512;

    static final int PUT = 1;
    static final int DELETE = 2;
    static final int MERGE = 3;
    static final int DELETE_RANGE = 4;
    static final int BATCH = 5;
    static final int COMMIT = 6;

    private static final Pattern NAME = Pattern.compile("WAL-(\\d{16})");

    private WalFormat() {}

    static String name(long number) {
        return String.format(Locale.ROOT, "WAL-%016d", number);
    }

    /** The number of the log with this name, or -1 when it is not the name of a log. */
    static long numberOf(String name) {
        Matcher matcher = NAME.matcher(name);
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }

    /** Computes the checksums of the records of one log. Used by one thread at a time. */
    static final class Checksum {
        private final CRC32C crc = new CRC32C();
        private final byte[] identity = new byte[3 * Long.BYTES];

        Checksum(long id, long number) {
            putLong(identity, 0, id);
            putLong(identity, Long.BYTES, number);
        }

        /** The checksum of the head at {@code bytes[at]}. */
        int ofHead(byte[] bytes, int at, long position) {
            begin(position);
            crc.update(bytes, at, HEAD_CRC_AT);
            return Crc32c.mask((int) crc.getValue());
        }

        /** The checksum of the record at {@code bytes[at]}, with its head. */
        int of(byte[] bytes, int at, int length, long position) {
            begin(position);
            crc.update(bytes, at, CRC_AT);
            crc.update(bytes, at + PAYLOAD_AT, length);
            return Crc32c.mask((int) crc.getValue());
        }

        private void begin(long position) {
            putLong(identity, 2 * Long.BYTES, position);
            crc.reset();
            crc.update(identity, 0, identity.length);
        }
    }

    /** Combines {@code bytes[from, to)} with the pattern of {@code mask}. A second call restores the bytes. */
    static void applyMask(int mask, byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            int mixed = (i - from + mask * 0x9E3779B9) * 0x85EBCA6B;
            bytes[i] ^= (byte) ((mixed ^ mixed >>> 15) * 0xC2B2AE35 >>> 24);
        }
    }

    /** True when a sector of the file that is wholly inside {@code bytes[from, to)} has only zeros. */
    static boolean hasZeroSector(byte[] bytes, int from, int to, long position) {
        int at = from + (int) (-position & (SECTOR_BYTES - 1));
        for (; to - at >= SECTOR_BYTES; at += SECTOR_BYTES) {
            if (bytes[at] == 0 && isZero(bytes, at, at + SECTOR_BYTES)) {
                return true;
            }
        }
        return false;
    }

    static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    static int getInt(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 24
                | (bytes[at + 1] & 0xFF) << 16
                | (bytes[at + 2] & 0xFF) << 8
                | (bytes[at + 3] & 0xFF);
    }

    static long getLong(byte[] bytes, int at) {
        return (long) getInt(bytes, at) << 32 | (getInt(bytes, at + 4) & 0xFFFFFFFFL);
    }

    static void putInt(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >>> 24);
        bytes[at + 1] = (byte) (value >>> 16);
        bytes[at + 2] = (byte) (value >>> 8);
        bytes[at + 3] = (byte) value;
    }

    static void putLong(byte[] bytes, int at, long value) {
        putInt(bytes, at, (int) (value >>> 32));
        putInt(bytes, at + 4, (int) value);
    }
}
