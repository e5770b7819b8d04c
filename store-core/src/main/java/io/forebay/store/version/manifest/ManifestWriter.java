package io.forebay.store.version.manifest;

import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.util.Crc32c;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Appends records to a manifest. A record is one append to the file, so that a crash leaves at most a first part of it.
 * It is durable after {@link #sync()}. After an exception the file may end in a part of a record: it must not be
 * appended to again. Used by one thread at a time.
 */
public final class ManifestWriter implements Closeable {
    private final WritableFile file;
    /** Null when the manifest is not encrypted. */
    private final FileCipher cipher;

    private final long id;
    private long records;

    /** For a manifest that is not encrypted. */
    public ManifestWriter(WritableFile file, long id) {
        this(file, id, null);
    }

    /**
     * Takes over {@code file}, which is empty.
     *
     * @param id a random number, never given to another manifest: two of its bits are lost
     * @param cipher cipher of this file, or null when it is not encrypted
     */
    public ManifestWriter(WritableFile file, long id, FileCipher cipher) {
        this.file = file;
        this.id = ManifestRecords.id(id);
        this.cipher = cipher;
    }

    /**
     * @param content from 1 byte to {@link ManifestRecords#MAX_PAYLOAD} less the id and the bytes that encryption adds;
     *     about 1 GiB
     */
    public void append(byte[] content) throws IOException {
        int prefix = cipher != null && records == 0 ? ManifestRecords.envelopeBytes(cipher.envelope()) : 0;
        int tag = cipher != null ? FileCipher.TAG_BYTES : 0;
        int room = ManifestRecords.MAX_PAYLOAD - ManifestRecords.ID_BYTES - prefix - tag;
        if (content.length == 0 || content.length > room) {
            throw new IllegalArgumentException(
                    "A manifest record has " + content.length + " bytes, must have 1 to " + room);
        }
        if (cipher == null && records == 0 && ManifestRecords.isEncrypted(content, 0, content.length)) {
            throw new IllegalArgumentException(
                    "The first record of a plain manifest begins like that of an encrypted one");
        }
        int length = ManifestRecords.ID_BYTES + prefix + content.length + tag;
        ByteBuffer record = ByteBuffer.allocate(ManifestRecords.HEADER_BYTES + length);
        record.putInt(ManifestRecords.LENGTH_AT, length);
        int at = ManifestRecords.HEADER_BYTES;
        if (prefix > 0) {
            record.putLong(at, ManifestRecords.ENCRYPTED_MAGIC);
            cipher.envelope().write(record.array(), at + Long.BYTES);
        }
        if (cipher != null) {
            cipher.seal(records, FileCipher.KIND_RECORD, content, 0, content.length, record.array(), at + prefix);
        } else {
            record.put(at, content);
        }
        record.putLong(record.capacity() - ManifestRecords.ID_BYTES, id);
        record.putInt(ManifestRecords.CRC_AT, checksum(file.position(), record.array(), 0, length));
        records++;
        file.append(record);
    }

    /** Id of the master key that the manifest needs, or null when it is not encrypted. */
    public String keyId() {
        return cipher == null ? null : cipher.keyId();
    }

    /**
     * The checksum of a record.
     *
     * @param position position of the record in the file
     * @param at where the record starts in {@code bytes}
     */
    static int checksum(long position, byte[] bytes, int at, int payloadBytes) {
        CRC32C crc = new CRC32C();
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            crc.update((int) (position >>> shift) & 0xFF);
        }
        crc.update(bytes, at + ManifestRecords.LENGTH_AT, Integer.BYTES);
        crc.update(bytes, at + ManifestRecords.HEADER_BYTES, payloadBytes);
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
