package io.forebay.store.log;

import java.nio.ByteBuffer;

/** Makes checksums and ids of a damaged log right again, for as long as the lengths lead from record to record. */
public final class LogChecksums {
    private LogChecksums() {}

    public static void repair(byte[] log) {
        ByteBuffer out = ByteBuffer.wrap(log);
        int at = 0;
        int firstLength = 0;
        while (log.length - at > LogFormat.HEADER_BYTES) {
            int length = out.getInt(at);
            if (length < 1 || length > log.length - at - LogFormat.HEADER_BYTES) {
                return;
            }
            if (at == 0) {
                firstLength = length;
            }
            if (Math.min(length, firstLength) > LogFormat.ID_BYTES) {
                out.putLong(idAt(at, length), out.getLong(idAt(0, firstLength)));
            }
            out.putInt(at + LogFormat.CRC_AT, LogWriter.checksum(at, log, at, length));
            at += LogFormat.HEADER_BYTES + length;
        }
    }

    private static int idAt(int record, int length) {
        return record + LogFormat.HEADER_BYTES + length - LogFormat.ID_BYTES;
    }
}
