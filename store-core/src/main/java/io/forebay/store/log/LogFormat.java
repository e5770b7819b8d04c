package io.forebay.store.log;

import io.forebay.store.crypto.KeyEnvelope;
import java.nio.ByteBuffer;

/**
 * The layout of a log file; all numbers big-endian.
 *
 * <pre>
 * Log     --&gt; Record*
 * Record  --&gt; Length, Crc, Payload
 * Length  --&gt; int, bytes of the payload, {@link #ID_BYTES} + 1 to {@link #MAX_PAYLOAD}
 * Crc     --&gt; int, masked CRC-32C of the position of the record in the file (long), the length and the payload
 * Payload --&gt; Content, Id
 * Content --&gt; byte ^ (Length - {@link #ID_BYTES})
 * Id      --&gt; long, random but for two bits of its last byte, the same in all records of a log and in no other log
 * </pre>
 *
 * Position and id are there so that nothing but a record looks like one: not a copy of one in a content, and not what an older
 * file has left on the disk. A record ends in a byte with two bits at least, so zeros in the place of its last bytes are a
 * sector that was never written, and never what a single flipped bit has made of them.
 *
 * <p>In an encrypted log the content of each record is a {@link io.forebay.store.crypto.FileCipher message}, whose position is
 * the number of the record, the first one being 0. That first one begins with the wrapped data key:
 *
 * <pre>
 * Content 0 --&gt; Magic:u64 "FBCRYPT1", {@link KeyEnvelope}, message
 * </pre>
 *
 * Length and checksum are those of the bytes as they lie in the file, so what a crash did is told without a key. The
 * envelope shares the record with the first message because records are all that a crash leaves whole or takes as a whole.
 */
final class LogFormat {
    static final int LENGTH_AT = 0;
    static final int CRC_AT = 4;
    static final int HEADER_BYTES = 8;
    static final int ID_BYTES = 8;
    /** 1 GiB: far above any manifest, and low enough that a wild length is recognised as one. */
    static final int MAX_PAYLOAD = 1 << 30;
    /** Smallest unit that a disk writes as a whole. */
    static final int SECTOR_BYTES = 512;

    /** What the content of the first record of an encrypted log begins with; no plain log may begin like this. */
    static final long ENCRYPTED_MAGIC = 0x4642435259505431L;

    /** In the last byte of every id. */
    private static final long ID_BITS = 0x81;

    private LogFormat() {}

    /** The id that a log has for a random number. */
    static long id(long random) {
        return random | ID_BITS;
    }

    /** True when the content {@code log[at, end)} of a first record is that of an encrypted log. */
    static boolean isEncrypted(byte[] log, int at, int end) {
        return end - at >= Long.BYTES && ByteBuffer.wrap(log).getLong(at) == ENCRYPTED_MAGIC;
    }

    /** What lies before the first message of an encrypted log. */
    static int envelopeBytes(KeyEnvelope envelope) {
        return Long.BYTES + envelope.length();
    }
}
