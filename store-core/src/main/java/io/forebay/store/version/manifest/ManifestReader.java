package io.forebay.store.version.manifest;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Reads the records of a manifest in order, and tells a torn record from a damaged one.
 *
 * <p>The writer syncs every record before it appends the next one. So a crash can spoil only the last record, and only
 * by leaving out parts of it: the file ends early, or a sector that never reached the disk reads as zeros. Such a torn
 * record ends the manifest. A record of another manifest, or from another place, is no record here. Everything else is
 * damage: a bad record with a good one after it, or a last record whose bytes are all there but do not match.
 *
 * <p>Flipped bits in the length of the last record are found by a check of the record at its actual length. The part of
 * a sector that was not written can be told from zeros that were written, because a record starts with a length and
 * ends with a byte which are not zero. Only a whole sector of zeros in the middle of the last record is doubtful; it is
 * taken for unwritten.
 *
 * <p>Records of an encrypted manifest are decrypted. A record that cannot be decrypted is damage wherever it is,
 * because its checksum says that no crash has cut it off.
 *
 * <p>The whole file is read to memory; a manifest is replaced long before it is too long for that. Used by one thread.
 */
public final class ManifestReader {
    /**
     * The search for a good record after a bad one computes checksums of at most so many bytes, so that it takes no
     * longer than a second. Where the id of the manifest is known, hardly any bytes but those of that record are
     * needed.
     */
    private static final long SEARCH_BYTES = 1 << 30;

    private final String name;
    private final Encryption encryption;
    private final byte[] bytes;
    /** Of an encrypted manifest, once its first record was read. */
    private FileCipher cipher;
    /** The id of the manifest's records, once its first record was read. */
    private long id;

    private long records;
    private int at;
    private int contentAt;
    private boolean torn;

    /** For a manifest that is not encrypted. */
    public ManifestReader(ReadableFile file, String name) throws IOException {
        this(file, name, Encryption.NONE);
    }

    /** @param name name of the file, for messages; an encrypted manifest authenticates it */
    public ManifestReader(ReadableFile file, String name, Encryption encryption) throws IOException {
        this.name = name;
        this.encryption = encryption;
        long size = file.size();
        if (size > Integer.MAX_VALUE - 16) {
            throw new CorruptionException(name, 0, "a manifest of at most 2 GiB", size + " bytes");
        }
        bytes = new byte[(int) size];
        file.read(0, ByteBuffer.wrap(bytes));
    }

    /**
     * The content of the next record, or null at the end of the manifest.
     *
     * @throws CorruptionException when the record is bad and a crash cannot be the cause
     * @throws io.forebay.store.EncryptionException when the manifest is encrypted and there is no key for it, or is not
     *     encrypted and refused
     * @throws IOException when the key service cannot be reached
     */
    public byte[] next() throws IOException {
        if (at == bytes.length || torn) {
            return null;
        }
        int length = isWhole(at) ? lengthAt(at) : lengthOfUnwrittenOne();
        if (length > 0) {
            contentAt = at + ManifestRecords.HEADER_BYTES;
            int end = contentAt + length - ManifestRecords.ID_BYTES;
            if (records == 0) {
                id = idAt(at, length);
                readEnvelope(end);
            }
            byte[] content = cipher == null ? Arrays.copyOfRange(bytes, contentAt, end) : decrypted(end);
            records++;
            at = end + ManifestRecords.ID_BYTES;
            return content;
        }
        requireTornTail();
        torn = true;
        return null;
    }

    private void readEnvelope(int end) throws IOException {
        if (!ManifestRecords.isEncrypted(bytes, contentAt, end)) {
            encryption.checkPlain(name);
            return;
        }
        int envelopeAt = contentAt + Long.BYTES;
        KeyEnvelope envelope = KeyEnvelope.read(bytes, envelopeAt, end, name, envelopeAt);
        cipher = encryption.open(envelope, name, envelopeAt);
        contentAt += ManifestRecords.envelopeBytes(envelope);
    }

    private byte[] decrypted(int end) {
        byte[] content = new byte[Math.max(0, end - contentAt - FileCipher.TAG_BYTES)];
        cipher.open(records, FileCipher.KIND_RECORD, bytes, contentAt, end - contentAt, content, 0, contentAt);
        return content;
    }

    /**
     * Id of the master key that the manifest needs; null when it is not encrypted, and before its first record was
     * read.
     */
    public String keyId() {
        return cipher == null ? null : cipher.keyId();
    }

    /** Where the last content that was read starts, in bytes from the start of the file. */
    public long contentPosition() {
        return contentAt;
    }

    /** True when the manifest ended in a torn record. */
    public boolean isTorn() {
        return torn;
    }

    private int lengthAt(int record) {
        return intAt(record + ManifestRecords.LENGTH_AT);
    }

    private int intAt(int index) {
        return (bytes[index] & 0xFF) << 24
                | (bytes[index + 1] & 0xFF) << 16
                | (bytes[index + 2] & 0xFF) << 8
                | (bytes[index + 3] & 0xFF);
    }

    private long idAt(int record, int length) {
        return ByteBuffer.wrap(bytes)
                .getLong(record + ManifestRecords.HEADER_BYTES + length - ManifestRecords.ID_BYTES);
    }

    private boolean isWhole(int record) {
        int room = bytes.length - record - ManifestRecords.HEADER_BYTES;
        if (room < 1) {
            return false;
        }
        int length = lengthAt(record);
        return length <= room
                && isOfThisManifest(record, length)
                && ManifestWriter.checksum(record, bytes, record, length) == intAt(record + ManifestRecords.CRC_AT);
    }

    /** Whether a record with a payload of this length has the id of this manifest, if that id is known. */
    private boolean isOfThisManifest(int record, int length) {
        return length > ManifestRecords.ID_BYTES && (records == 0 || idAt(record, length) == id);
    }

    private void requireTornTail() {
        long budget = SEARCH_BYTES;
        for (int later = at + 1; later < bytes.length - ManifestRecords.HEADER_BYTES && budget > 0; later++) {
            int length = lengthAt(later);
            if (length > bytes.length - later - ManifestRecords.HEADER_BYTES || !isOfThisManifest(later, length)) {
                continue;
            }
            budget -= length;
            if (isWhole(later)) {
                throw damaged("a record with a matching checksum, because a good one follows at offset " + later);
            }
        }
        int room = bytes.length - at - ManifestRecords.HEADER_BYTES;
        if (room < 1) {
            return;
        }
        int length = lengthAt(at);
        if (length != room && matchesAtLength(room)) {
            throw damaged("a record with a matching checksum; it has one with a length of " + room);
        }
        if (length > room && length <= ManifestRecords.MAX_PAYLOAD) {
            return;
        }
        if (!hasUnwrittenSector(length == room)) {
            throw damaged("a record with a matching checksum, or one that a crash cut off");
        }
    }

    /**
     * The length of the last record when all of it is there except the start of its header, which is at the end of a
     * sector that was not written; otherwise 0. The checksum says that nothing else is missing.
     */
    private int lengthOfUnwrittenOne() {
        int room = bytes.length - at - ManifestRecords.HEADER_BYTES;
        int sectorEnd = (at / ManifestRecords.SECTOR_BYTES + 1) * ManifestRecords.SECTOR_BYTES;
        if (room < 1 || sectorEnd > at + ManifestRecords.HEADER_BYTES) {
            return 0;
        }
        for (int i = at; i < sectorEnd; i++) {
            if (bytes[i] != 0) {
                return 0;
            }
        }
        return matchesAtLength(room) ? room : 0;
    }

    /** True when the last record would be whole if its length were the rest of the file. */
    private boolean matchesAtLength(int length) {
        if (!isOfThisManifest(at, length)) {
            return false;
        }
        byte[] record = Arrays.copyOfRange(bytes, at, bytes.length);
        ByteBuffer.wrap(record).putInt(ManifestRecords.LENGTH_AT, length);
        return ManifestWriter.checksum(at, record, 0, length) == intAt(at + ManifestRecords.CRC_AT);
    }

    /**
     * Whether the part of some sector that belongs to the last record has only zeros.
     *
     * @param lengthHolds true when the record's length leads to the end of the file, so that the bytes of the length
     *     were written
     */
    private boolean hasUnwrittenSector(boolean lengthHolds) {
        for (int from = at; from < bytes.length; ) {
            int to = Math.min(bytes.length, (from / ManifestRecords.SECTOR_BYTES + 1) * ManifestRecords.SECTOR_BYTES);
            boolean zeros = !lengthHolds || to > at + ManifestRecords.CRC_AT;
            for (int i = from; i < to && zeros; i++) {
                zeros = bytes[i] == 0;
            }
            if (zeros) {
                return true;
            }
            from = to;
        }
        return false;
    }

    private CorruptionException damaged(String expected) {
        int room = bytes.length - at;
        String found = room < ManifestRecords.HEADER_BYTES
                ? room + " bytes"
                : "length " + lengthAt(at) + " and checksum " + Integer.toHexString(intAt(at + ManifestRecords.CRC_AT))
                        + " with " + room + " bytes left";
        return new CorruptionException(name, at, expected, found);
    }
}
