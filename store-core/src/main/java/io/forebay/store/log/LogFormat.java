package io.forebay.store.log;

/**
 * The layout of a log file; all numbers big-endian.
 *
 * <pre>
 * Log     --&gt; Record*
 * Record  --&gt; Length, Crc, Payload
 * Length  --&gt; int, bytes of the payload, 1 to {@link #MAX_PAYLOAD}
 * Crc     --&gt; int, masked CRC-32C of the length and the payload
 * Payload --&gt; byte ^ Length
 * </pre>
 */
final class LogFormat {
    static final int LENGTH_AT = 0;
    static final int CRC_AT = 4;
    static final int HEADER_BYTES = 8;
    /** 1 GiB: far above any manifest, and low enough that a wild length is recognised as one. */
    static final int MAX_PAYLOAD = 1 << 30;
    /** Smallest unit that a disk writes as a whole. */
    static final int SECTOR_BYTES = 512;

    private LogFormat() {}
}
