package io.forebay.store.log;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads the records of a log in order and tells the two ways apart in which a record can be bad.
 *
 * <p>The writer syncs every record before it appends the next, so a crash can spoil the last record only, and only by
 * leaving out parts of it: the file ends early, or a sector that never reached the disk reads as zeros. Such a torn tail
 * ends the log. A record of another log, or from another place, is none. Everything else is damage: a bad record with a good
 * one behind it, or a last record whose bytes are all
 * there but do not match. Flips of bits in the length of the last record are found by checking it at its actual length. A
 * share of a sector that was not written is told from zeros that were, because records begin with a length and end in a byte
 * that are not zero; only a whole sector of zeros in the middle of a last record leaves a doubt, and is taken for unwritten.
 *
 * <p>Records of an encrypted log are decrypted. One that does not open is damage wherever it is, because its checksum says
 * that no crash has cut it off.
 *
 * <p>The file is read to memory as a whole; a manifest is rolled over long before that hurts. Not thread-safe.
 */
public final class LogReader {
    /**
     * Bytes whose checksum the search for a good record behind a bad one computes at most, so that it takes no longer than a
     * second. Where the id of the log is known hardly any are, but for the record that is sought.
     */
    private static final long SEARCH_BYTES = 1 << 30;

    private final String name;
    private final Encryption encryption;
    private final byte[] log;
    /** Of an encrypted log, once its first record was read. */
    private FileCipher cipher;
    /** Of the log, once its first record was read. */
    private long id;

    private long records;
    private int at;
    private int contentAt;
    private boolean torn;

    /** Of a plain log. */
    public LogReader(ReadableFile file, String name) throws IOException {
        this(file, name, Encryption.NONE);
    }

    /** @param name of the file, for messages; part of what an encrypted log authenticates */
    public LogReader(ReadableFile file, String name, Encryption encryption) throws IOException {
        this.name = name;
        this.encryption = encryption;
        long size = file.size();
        if (size > Integer.MAX_VALUE - 16) {
            throw new CorruptionException(name, 0, "a log of at most 2 GiB", size + " bytes");
        }
        log = new byte[(int) size];
        file.read(0, ByteBuffer.wrap(log));
    }

    /**
     * The content of the next record, or null at the end of the log.
     *
     * @throws CorruptionException when the record is bad and a crash cannot be the reason
     * @throws io.forebay.store.EncryptionException when the log is encrypted and its key is not to be had, or plain and refused
     * @throws IOException when the key service cannot be reached
     */
    public byte[] next() throws IOException {
        if (at == log.length || torn) {
            return null;
        }
        int length = isWhole(at) ? lengthAt(at) : lengthOfUnwrittenOne();
        if (length > 0) {
            contentAt = at + LogFormat.HEADER_BYTES;
            int end = contentAt + length - LogFormat.ID_BYTES;
            if (records == 0) {
                id = idAt(at, length);
                readEnvelope(end);
            }
            byte[] content = cipher == null ? Arrays.copyOfRange(log, contentAt, end) : decrypted(end);
            records++;
            at = end + LogFormat.ID_BYTES;
            return content;
        }
        requireTornTail();
        torn = true;
        return null;
    }

    private void readEnvelope(int end) throws IOException {
        if (!LogFormat.isEncrypted(log, contentAt, end)) {
            encryption.checkPlain(name);
            return;
        }
        int envelopeAt = contentAt + Long.BYTES;
        KeyEnvelope envelope = KeyEnvelope.read(log, envelopeAt, end, name, envelopeAt);
        cipher = encryption.open(envelope, name, envelopeAt);
        contentAt += LogFormat.envelopeBytes(envelope);
    }

    private byte[] decrypted(int end) {
        byte[] content = new byte[Math.max(0, end - contentAt - FileCipher.TAG_BYTES)];
        cipher.open(records, FileCipher.KIND_RECORD, log, contentAt, end - contentAt, content, 0, contentAt);
        return content;
    }

    /** Id of the master key that the log needs; null for a plain one, and before its first record was read. */
    public String keyId() {
        return cipher == null ? null : cipher.keyId();
    }

    /** Where the content that was read last begins, in bytes from the start of the file. */
    public long contentPosition() {
        return contentAt;
    }

    /** True when the log ended in a record that was not written to its end. */
    public boolean isTorn() {
        return torn;
    }

    private int lengthAt(int record) {
        return intAt(record + LogFormat.LENGTH_AT);
    }

    private int intAt(int index) {
        return (log[index] & 0xFF) << 24
                | (log[index + 1] & 0xFF) << 16
                | (log[index + 2] & 0xFF) << 8
                | (log[index + 3] & 0xFF);
    }

    private long idAt(int record, int length) {
        return ByteBuffer.wrap(log).getLong(record + LogFormat.HEADER_BYTES + length - LogFormat.ID_BYTES);
    }

    private boolean isWhole(int record) {
        int room = log.length - record - LogFormat.HEADER_BYTES;
        if (room < 1) {
            return false;
        }
        int length = lengthAt(record);
        return length <= room
                && isOfThisLog(record, length)
                && LogWriter.checksum(record, log, record, length) == intAt(record + LogFormat.CRC_AT);
    }

    /** Whether a record with a payload of this length has the id of this log, if that is known. */
    private boolean isOfThisLog(int record, int length) {
        return length > LogFormat.ID_BYTES && (records == 0 || idAt(record, length) == id);
    }

    private void requireTornTail() {
        long budget = SEARCH_BYTES;
        for (int later = at + 1; later < log.length - LogFormat.HEADER_BYTES && budget > 0; later++) {
            int length = lengthAt(later);
            if (length > log.length - later - LogFormat.HEADER_BYTES || !isOfThisLog(later, length)) {
                continue;
            }
            budget -= length;
            if (isWhole(later)) {
                throw damaged("a record with a matching checksum, because a good one follows at offset " + later);
            }
        }
        int room = log.length - at - LogFormat.HEADER_BYTES;
        if (room < 1) {
            return;
        }
        int length = lengthAt(at);
        if (length != room && matchesAtLength(room)) {
            throw damaged("a record with a matching checksum; it has one with a length of " + room);
        }
        if (length > room && length <= LogFormat.MAX_PAYLOAD) {
            return;
        }
        if (!hasUnwrittenSector(length == room)) {
            throw damaged("a record with a matching checksum, or one that a crash cut off");
        }
    }

    /**
     * The length of the last record when all of it is there but the begin of its header, which lies at the end of a sector
     * that was not written; else 0. The checksum says that nothing else is missing.
     */
    private int lengthOfUnwrittenOne() {
        int room = log.length - at - LogFormat.HEADER_BYTES;
        int border = (at / LogFormat.SECTOR_BYTES + 1) * LogFormat.SECTOR_BYTES;
        if (room < 1 || border > at + LogFormat.HEADER_BYTES) {
            return 0;
        }
        for (int i = at; i < border; i++) {
            if (log[i] != 0) {
                return 0;
            }
        }
        return matchesAtLength(room) ? room : 0;
    }

    /** True when the last record would be whole if its length were what is left of the file. */
    private boolean matchesAtLength(int length) {
        if (!isOfThisLog(at, length)) {
            return false;
        }
        byte[] record = Arrays.copyOfRange(log, at, log.length);
        ByteBuffer.wrap(record).putInt(LogFormat.LENGTH_AT, length);
        return LogWriter.checksum(at, record, 0, length) == intAt(at + LogFormat.CRC_AT);
    }

    /**
     * Whether a share of a sector that the last record has is nothing but zeros.
     *
     * @param lengthHolds true when the length leads to the end of the file, so that bytes of it are what was written
     */
    private boolean hasUnwrittenSector(boolean lengthHolds) {
        for (int from = at; from < log.length; ) {
            int to = Math.min(log.length, (from / LogFormat.SECTOR_BYTES + 1) * LogFormat.SECTOR_BYTES);
            boolean zeros = !lengthHolds || to > at + LogFormat.CRC_AT;
            for (int i = from; i < to && zeros; i++) {
                zeros = log[i] == 0;
            }
            if (zeros) {
                return true;
            }
            from = to;
        }
        return false;
    }

    private CorruptionException damaged(String expected) {
        int room = log.length - at;
        String found = room < LogFormat.HEADER_BYTES
                ? room + " bytes"
                : "length " + lengthAt(at) + " and checksum " + Integer.toHexString(intAt(at + LogFormat.CRC_AT))
                        + " with " + room + " bytes left";
        return new CorruptionException(name, at, expected, found);
    }
}
