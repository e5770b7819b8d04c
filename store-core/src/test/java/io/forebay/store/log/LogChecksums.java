package io.forebay.store.log;

import java.nio.ByteBuffer;

/** Makes the checksums of a damaged log right again, for as long as the lengths lead from record to record. */
public final class LogChecksums {
    private LogChecksums() {}

    public static void repair(byte[] log) {
        ByteBuffer out = ByteBuffer.wrap(log);
        int at = 0;
        while (log.length - at > LogFormat.HEADER_BYTES) {
            int length = out.getInt(at);
            if (length < 1 || length > log.length - at - LogFormat.HEADER_BYTES) {
                return;
            }
            out.putInt(at + LogFormat.CRC_AT, LogWriter.checksum(log, at, length));
            at += LogFormat.HEADER_BYTES + length;
        }
    }
}
