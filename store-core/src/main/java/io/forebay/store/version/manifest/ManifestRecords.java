package io.forebay.store.version.manifest;

import io.forebay.store.crypto.KeyEnvelope;
import java.nio.ByteBuffer;

/**
 * The layout of the records of a manifest; all numbers are big-endian.
 *
 * <pre>
 * File    --&gt; Record*
 * Record  --&gt; Length, Crc, Payload
 * Length  --&gt; int, bytes of the payload, {@link #ID_BYTES} + 1 to {@link #MAX_PAYLOAD}
 * Crc     --&gt; int, masked CRC-32C of the position of the record in the file (long), the length and the payload
 * Payload --&gt; Content, Id
 * Content --&gt; byte ^ (Length - {@link #ID_BYTES})
 * Id      --&gt; long, random except two bits of its last byte; the same in all records of a file and in no other file
 * </pre>
 *
 * <p>Position and id make sure that only a record looks like one: neither a copy of a record in a content, nor what an
 * older file has left on the disk. A record ends in a byte with at least two bits set. So zeros in the place of its
 * last bytes are a sector that was never written, and never the result of one flipped bit.
 *
 * <p>In an encrypted manifest the content of each record is a {@link io.forebay.store.crypto.FileCipher message}, whose
 * position is the number of the record, starting at 0. The first record starts with the wrapped data key:
 *
 * <pre>
 * Content 0 --&gt; Magic:u64 "FBCRYPT1", {@link KeyEnvelope}, message
 * </pre>
 *
 * <p>Length and checksum are those of the bytes in the file, so a reader needs no key to see what a crash did. The
 * envelope is in the same record as the first message, because a crash leaves or takes a record as a whole.
 */
final class ManifestRecords {
    static final int LENGTH_AT = 0;
    static final int CRC_AT = 4;
    static final int HEADER_BYTES = 8;
    static final int ID_BYTES = 8;
    /** 1 GiB: far above any manifest, and low enough to recognise a length that is wrong. */
    static final int MAX_PAYLOAD = 1 << 30;
    /** The smallest unit that a disk writes as a whole. */
    static final int SECTOR_BYTES = 512;

    /**
     * The start of the content of the first record of an encrypted manifest. No manifest that is not encrypted may
     * start like this.
     */
    static final long ENCRYPTED_MAGIC = 0x4642435259505431L;

    /** Bits that are set in the last byte of every id. */
    private static final long ID_BITS = 0x81;

    private ManifestRecords() {}

    /** The id of a manifest for a random number. */
    static long id(long random) {
        return random | ID_BITS;
    }

    /** True when the content {@code bytes[at, end)} of a first record is that of an encrypted manifest. */
    static boolean isEncrypted(byte[] bytes, int at, int end) {
        return end - at >= Long.BYTES && ByteBuffer.wrap(bytes).getLong(at) == ENCRYPTED_MAGIC;
    }

    /** The bytes before the first message of an encrypted manifest. */
    static int envelopeBytes(KeyEnvelope envelope) {
        return Long.BYTES + envelope.length();
    }
}
