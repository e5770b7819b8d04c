package io.forebay.store.log;

import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
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
    /** Null for a plain log. */
    private final FileCipher cipher;

    private final long id;
    private long records;

    /** As the other one, for a plain log. */
    public LogWriter(WritableFile file, long id) {
        this(file, id, null);
    }

    /**
     * Takes over {@code file}, which is empty.
     *
     * @param id a random number, never given to another log: two bits of it are lost
     * @param cipher of this file, or null for a plain log
     */
    public LogWriter(WritableFile file, long id, FileCipher cipher) {
        this.file = file;
        this.id = LogFormat.id(id);
        this.cipher = cipher;
    }

    /** @param content 1 byte to {@link LogFormat#MAX_PAYLOAD} less the id and what encryption adds; about 1 GiB */
    public void append(byte[] content) throws IOException {
        int prefix = cipher != null && records == 0 ? LogFormat.envelopeBytes(cipher.envelope()) : 0;
        int tag = cipher != null ? FileCipher.TAG_BYTES : 0;
        int room = LogFormat.MAX_PAYLOAD - LogFormat.ID_BYTES - prefix - tag;
        if (content.length == 0 || content.length > room) {
            throw new IllegalArgumentException("A log record has " + content.length + " bytes, must have 1 to " + room);
        }
        if (cipher == null && records == 0 && LogFormat.isEncrypted(content, 0, content.length)) {
            throw new IllegalArgumentException("The first record of a plain log begins like that of an encrypted one");
        }
        int length = LogFormat.ID_BYTES + prefix + content.length + tag;
        ByteBuffer record = ByteBuffer.allocate(LogFormat.HEADER_BYTES + length);
        record.putInt(LogFormat.LENGTH_AT, length);
        int at = LogFormat.HEADER_BYTES;
        if (prefix > 0) {
            record.putLong(at, LogFormat.ENCRYPTED_MAGIC);
            cipher.envelope().write(record.array(), at + Long.BYTES);
        }
        if (cipher != null) {
            cipher.seal(records, FileCipher.KIND_RECORD, content, 0, content.length, record.array(), at + prefix);
        } else {
            record.put(at, content);
        }
        record.putLong(record.capacity() - LogFormat.ID_BYTES, id);
        record.putInt(LogFormat.CRC_AT, checksum(file.position(), record.array(), 0, length));
        records++;
        file.append(record);
    }

    /** Id of the master key that the log needs, or null for a plain one. */
    public String keyId() {
        return cipher == null ? null : cipher.keyId();
    }

    /**
     * The checksum of a record.
     *
     * @param position of it in the file
     * @param at where it begins in {@code log}
     */
    static int checksum(long position, byte[] log, int at, int payloadBytes) {
        CRC32C crc = new CRC32C();
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            crc.update((int) (position >>> shift) & 0xFF);
        }
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
