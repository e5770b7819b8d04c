package io.forebay.store.log;

import io.forebay.store.WritableFile;
import io.forebay.store.util.Crc32c;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Appends records to a file. A record is one append to the file, so that a crash leaves a beginning of it at most; it is
 * durable after {@link #sync()}. After an exception the file may end in a part of a record: do not append to it again.
 */
public final class LogWriter implements Closeable {
    private final WritableFile file;

    /** Takes over {@code file}, which is empty or holds whole records. */
    public LogWriter(WritableFile file) {
        this.file = file;
    }

    /** @param payload 1 byte to 1 GiB */
    public void append(byte[] payload) throws IOException {
        if (payload.length == 0 || payload.length > LogFormat.MAX_PAYLOAD) {
            throw new IllegalArgumentException(
                    "A log record has " + payload.length + " bytes, must have 1 to " + LogFormat.MAX_PAYLOAD);
        }
        ByteBuffer record = ByteBuffer.allocate(LogFormat.HEADER_BYTES + payload.length);
        record.putInt(LogFormat.LENGTH_AT, payload.length);
        record.put(LogFormat.HEADER_BYTES, payload);
        record.putInt(LogFormat.CRC_AT, checksum(record.array(), 0, payload.length));
        file.append(record);
    }

    /** The checksum of the record that begins at {@code at}. */
    static int checksum(byte[] log, int at, int payloadBytes) {
        CRC32C crc = new CRC32C();
        crc.update(log, at + LogFormat.LENGTH_AT, Integer.BYTES);
        crc.update(log, at + LogFormat.HEADER_BYTES, payloadBytes);
        return Crc32c.mask((int) crc.getValue());
    }

    /** Bytes in the file. */
    public long size() {
        return file.position();
    }

    public void sync() throws IOException {
        file.sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
