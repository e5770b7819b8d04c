package io.forebay.store.wal;

import io.forebay.store.FileStore;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.Failures;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.util.Varint;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One log file that is being written. After an exception only {@link #close()} may be called. Used by one thread at a
 * time.
 */
final class WalFile {
    private final WritableFile file;
    private final long number;
    /** The first sequence number that the log may have. */
    private final long firstSequence;

    private final FileCipher cipher;
    private final WalFormat.Checksum checksum;
    /** Number of bytes that are synced. */
    private long synced;

    private WalFile(WritableFile file, long id, long number, long firstSequence, FileCipher cipher) {
        this.file = file;
        this.number = number;
        this.firstSequence = firstSequence;
        this.cipher = cipher;
        checksum = new WalFormat.Checksum(id, number);
    }

    /** Makes a log file. Its header, its start and its name are durable on return. */
    static WalFile create(FileStore files, Encryption encryption, long id, long number, long firstSequence)
            throws IOException {
        String name = WalFormat.name(number);
        FileCipher cipher = encryption.create(name);
        WritableFile file = files.create(name);
        try {
            WalFile log = new WalFile(file, id, number, firstSequence, cipher);
            byte[] header = header(id, number, cipher);
            log.file.append(ByteBuffer.wrap(header));
            CommitGroup start = new CommitGroup(WalFormat.MAX_PAYLOAD);
            start.begin(firstSequence, true);
            log.append(start);
            log.sync();
            files.syncDirectory();
            return log;
        } catch (IOException | RuntimeException | Error e) {
            Failures.close(e, file);
            // Otherwise each attempt to open a store on a full disk would leave one file more.
            Failures.close(e, () -> files.delete(name));
            throw e;
        }
    }

    private static byte[] header(long id, long number, FileCipher cipher) {
        KeyEnvelope envelope = cipher == null ? null : cipher.envelope();
        int envelopeLength = envelope == null ? 0 : envelope.length();
        byte[] header = new byte[WalFormat.ENVELOPE_AT + envelopeLength + WalFormat.HEADER_CRC_BYTES];
        WalFormat.putLong(header, 0, WalFormat.MAGIC);
        WalFormat.putInt(header, WalFormat.VERSION_AT, FormatVersion.CURRENT);
        WalFormat.putLong(header, WalFormat.ID_AT, id);
        WalFormat.putLong(header, WalFormat.NUMBER_AT, number);
        WalFormat.putInt(header, WalFormat.ENVELOPE_LENGTH_AT, envelopeLength);
        if (envelope != null) {
            envelope.write(header, WalFormat.ENVELOPE_AT);
        }
        int end = WalFormat.ENVELOPE_AT + envelopeLength;
        WalFormat.putInt(header, end, Crc32c.masked(header, 0, end));
        return header;
    }

    /** Appends the entries of {@code group} as one record. The bytes of the group cannot be used afterwards. */
    void append(CommitGroup group) throws IOException {
        long position = file.position();
        byte[] bytes = group.bytes;
        long unsynced = position - synced;
        int numbers = Varint.size(unsynced) + Varint.size(group.firstSequence);
        int from = CommitGroup.RESERVED - numbers;
        Varint.putLong(bytes, Varint.putLong(bytes, from, unsynced), group.firstSequence);
        int to = group.size;
        if (cipher != null) {
            cipher.seal(position, FileCipher.KIND_RECORD, bytes, from, to - from, bytes, from);
            to += FileCipher.TAG_BYTES;
        }
        int mask = mask(bytes, from, to, position + WalFormat.PAYLOAD_AT);
        int at = from - WalFormat.PAYLOAD_AT;
        int length = to - from;
        bytes[at] = (byte) (WalFormat.TAG + mask);
        WalFormat.putInt(bytes, at + WalFormat.LENGTH_AT, length);
        WalFormat.putInt(bytes, at + WalFormat.HEAD_CRC_AT, checksum.ofHead(bytes, at, position));
        WalFormat.putInt(bytes, at + WalFormat.CRC_AT, checksum.of(bytes, at, length, position));
        bytes[to] = WalFormat.END;
        file.append(group.buffer(at, to + 1));
    }

    /**
     * Applies masks until no sector has only zeros.
     *
     * @return the mask that was applied
     */
    private static int mask(byte[] bytes, int from, int to, long position) {
        int mask = 0;
        while (mask < WalFormat.MASKS && WalFormat.hasZeroSector(bytes, from, to, position)) {
            if (mask > 0) {
                WalFormat.applyMask(mask, bytes, from, to);
            }
            mask++;
            WalFormat.applyMask(mask, bytes, from, to);
        }
        return mask;
    }

    void sync() throws IOException {
        file.sync();
        synced = file.position();
    }

    boolean isSynced() {
        return synced == file.position();
    }

    long number() {
        return number;
    }

    /** The first sequence number that it may hold. */
    long firstSequence() {
        return firstSequence;
    }

    long bytes() {
        return file.position();
    }

    /** Id of the master key that the log needs; null when it is not encrypted. */
    String keyId() {
        return cipher == null ? null : cipher.keyId();
    }

    void close() throws IOException {
        file.close();
    }
}
