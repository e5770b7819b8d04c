package io.forebay.store.version.manifest;

import java.nio.ByteBuffer;

/** Makes checksums and ids of a damaged log right again, for as long as the lengths lead from record to record. */
public final class ManifestChecksums {
    private ManifestChecksums() {}

    public static void repair(byte[] log) {
        ByteBuffer out = ByteBuffer.wrap(log);
        int at = 0;
        int firstLength = 0;
        while (log.length - at > ManifestRecords.HEADER_BYTES) {
            int length = out.getInt(at);
            if (length < 1 || length > log.length - at - ManifestRecords.HEADER_BYTES) {
                return;
            }
            if (at == 0) {
                firstLength = length;
            }
            if (Math.min(length, firstLength) > ManifestRecords.ID_BYTES) {
                out.putLong(idAt(at, length), out.getLong(idAt(0, firstLength)));
            }
            out.putInt(at + ManifestRecords.CRC_AT, ManifestWriter.checksum(at, log, at, length));
            at += ManifestRecords.HEADER_BYTES + length;
        }
    }

    private static int idAt(int record, int length) {
        return record + ManifestRecords.HEADER_BYTES + length - ManifestRecords.ID_BYTES;
    }
}
