package io.forebay.store.wal;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.Crc32c;
import io.forebay.store.util.FormatVersion;
import io.forebay.store.util.ScopedRead;
import io.forebay.store.util.Varint;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads the records of one log in order, and tells torn records from damaged ones. At most one record is in memory.
 *
 * <p>A crash can spoil what was not synced. It leaves out the end of the file, or a sector in the middle, which then
 * reads as zeros; no sector of a whole record has only zeros. A bad record without either sign is damage. A bad record
 * that was synced is damage as well: a later record, which is found by its checksum, says how far the log was synced
 * when that record was written.
 *
 * <p>Used by one thread.
 */
final class WalReader implements Closeable {
    private final String name;
    private final long number;
    private final ScopedRead file;
    private final WalWindow window;

    /** Whether the store encrypts its logs now. */
    private final boolean encrypted;

    private boolean headed;
    private long id;
    private FileCipher cipher;
    private WalFormat.Checksum checksum;

    private long position;
    private byte[] payload = new byte[0];
    private int payloadFrom;
    private int payloadTo;
    private long payloadPosition;
    private long unsynced;
    private long firstSequence;

    private WalReader(String name, long number, ScopedRead file, boolean encrypted) throws IOException {
        this.name = name;
        this.number = number;
        this.file = file;
        this.encrypted = encrypted;
        window = new WalWindow(file);
    }

    /**
     * Opens a log and reads its header; {@link #isHeaded} tells whether the header is whole.
     *
     * @throws FormatTooNewException when a later version wrote the log
     * @throws FormatTooOldException when a build before the first release wrote it
     * @throws io.forebay.store.EncryptionException when there is no key for the log, or the log is not encrypted and
     *     refused
     */
    static WalReader open(FileStore files, long number, Encryption encryption) throws IOException {
        String name = WalFormat.name(number);
        ScopedRead file = ScopedRead.open(files, name);
        try {
            WalReader reader = new WalReader(name, number, file, encryption.isOn());
            reader.readHeader(encryption);
            return reader;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void readHeader(Encryption encryption) throws IOException {
        int least = WalFormat.ENVELOPE_AT + WalFormat.HEADER_CRC_BYTES;
        if (window.size() < least) {
            return;
        }
        int at = window.at(0, WalFormat.ENVELOPE_AT);
        int envelopeLength = WalFormat.getInt(window.bytes(), at + WalFormat.ENVELOPE_LENGTH_AT);
        if (envelopeLength < 0 || envelopeLength > Math.min(KeyEnvelope.MAX_BYTES, window.size() - least)) {
            return;
        }
        int end = WalFormat.ENVELOPE_AT + envelopeLength;
        at = window.at(0, end + WalFormat.HEADER_CRC_BYTES);
        byte[] header = Arrays.copyOfRange(window.bytes(), at, at + end + WalFormat.HEADER_CRC_BYTES);
        if (WalFormat.getLong(header, 0) != WalFormat.MAGIC
                || WalFormat.getInt(header, end) != Crc32c.masked(header, 0, end)) {
            return;
        }
        int version = WalFormat.getInt(header, WalFormat.VERSION_AT);
        FormatVersion.check(version, "Write-ahead log " + name, name, WalFormat.VERSION_AT);
        long written = WalFormat.getLong(header, WalFormat.NUMBER_AT);
        if (written != number) {
            throw new CorruptionException(
                    name, WalFormat.NUMBER_AT, "log number " + number, "log number " + written + ", of another file");
        }
        id = WalFormat.getLong(header, WalFormat.ID_AT);
        if (envelopeLength == 0) {
            encryption.checkPlain(name);
        } else {
            KeyEnvelope envelope = KeyEnvelope.read(header, WalFormat.ENVELOPE_AT, end, name, WalFormat.ENVELOPE_AT);
            if (envelope.length() != envelopeLength) {
                throw new CorruptionException(
                        name,
                        WalFormat.ENVELOPE_AT,
                        "an envelope of " + envelopeLength + " bytes",
                        "one of " + envelope.length());
            }
            cipher = encryption.open(envelope, name, WalFormat.ENVELOPE_AT);
        }
        checksum = new WalFormat.Checksum(id, number);
        position = (long) end + WalFormat.HEADER_CRC_BYTES;
        headed = true;
    }

    /** True when the header is whole; nothing can be read otherwise. */
    boolean isHeaded() {
        return headed;
    }

    /** The id of the logs of one open of the store, to which this log belongs. */
    long id() {
        return id;
    }

    String name() {
        return name;
    }

    long number() {
        return number;
    }

    long size() {
        return window.size();
    }

    /** Where the next record starts. */
    long position() {
        return position;
    }

    /**
     * Reads the next record.
     *
     * @param mayBeTorn whether the log may end in a torn record; if not, every bad record is damage
     * @return false at the end
     * @throws CorruptionException when the record is damaged
     */
    boolean next(boolean mayBeTorn) throws IOException {
        if (position == window.size()) {
            return false;
        }
        int length = wholeAt(position, checksum);
        if (length < 0) {
            if (!mayBeTorn) {
                throw damaged("a whole record, because the log was synced before the next one was started");
            }
            requireTorn();
            return false;
        }
        load(position, length);
        position += WalFormat.OVERHEAD + length;
        return true;
    }

    /** The sequence number of the first write of the last record that was read. */
    long firstSequence() {
        return firstSequence;
    }

    /** The entries of the last record that was read. */
    WalEntries entries() {
        return new WalEntries(name, payload, payloadFrom, payloadTo, payloadPosition);
    }

    /**
     * True when a header that is not whole may be what a crash left of a log that was just started: header and start,
     * which are synced before anything else is written, without their end or without a sector. The head of any other
     * record shows that the log was written to.
     */
    boolean isHardlyBegun(long expectedId) throws IOException {
        int most = WalFormat.LONGEST_PLAIN_BEGIN + (encrypted ? KeyEnvelope.MAX_BYTES + FileCipher.TAG_BYTES : 0);
        if (window.size() > most) {
            return false;
        }
        WalFormat.Checksum expected = new WalFormat.Checksum(expectedId, number);
        int starts = 0;
        for (long at = 1; at < window.size(); at++) {
            int length = lengthAt(at, expected);
            if (length >= 0 && (!isStart(at, length) || ++starts > 1)) {
                return false;
            }
        }
        return beginsWithMagic()
                ? endsInHeader() || hasUnwrittenSector(0, window.size())
                : hasUnwrittenSector(0, Math.min(WalFormat.SECTOR_BYTES, window.size()));
    }

    /**
     * Whether a record after a header that is not whole can be the start. It is not in the first sector: that sector
     * would be there as a whole, with the header. Of an encrypted record only the length is known; one with a very
     * small write may pass.
     */
    private boolean isStart(long at, int length) throws IOException {
        if (at < WalFormat.SECTOR_BYTES || length > WalFormat.LONGEST_START + FileCipher.TAG_BYTES) {
            return false;
        }
        int index = window.at(0, WalFormat.ENVELOPE_AT);
        return WalFormat.getLong(window.bytes(), index) != WalFormat.MAGIC
                || at
                        == WalFormat.ENVELOPE_AT
                                + WalFormat.getInt(window.bytes(), index + WalFormat.ENVELOPE_LENGTH_AT)
                                + WalFormat.HEADER_CRC_BYTES;
    }

    /** True when the file begins with the magic number, as far as the file goes. */
    private boolean beginsWithMagic() throws IOException {
        int length = (int) Math.min(window.size(), Long.BYTES);
        int index = window.at(0, length);
        byte[] magic = new byte[Long.BYTES];
        WalFormat.putLong(magic, 0, WalFormat.MAGIC);
        return Arrays.equals(magic, 0, length, window.bytes(), index, index + length);
    }

    /** True when the file ends before the header does. */
    private boolean endsInHeader() throws IOException {
        int least = WalFormat.ENVELOPE_AT + WalFormat.HEADER_CRC_BYTES;
        if (window.size() < least) {
            return true;
        }
        int index = window.at(0, WalFormat.ENVELOPE_AT);
        int envelopeLength = WalFormat.getInt(window.bytes(), index + WalFormat.ENVELOPE_LENGTH_AT);
        return envelopeLength > window.size() - least && envelopeLength <= KeyEnvelope.MAX_BYTES;
    }

    /** Length of the payload of the whole record at {@code at}, or -1 when there is none. */
    private int wholeAt(long at, WalFormat.Checksum checksums) throws IOException {
        int length = lengthAt(at, checksums);
        return length >= 0 && length <= window.size() - at - WalFormat.OVERHEAD && matches(at, length, checksums)
                ? length
                : -1;
    }

    /**
     * Length of the payload according to the head at {@code at}, which may lead beyond the end of the file; -1 when
     * there is no head.
     */
    private int lengthAt(long at, WalFormat.Checksum checksums) throws IOException {
        if (window.size() - at < WalFormat.PAYLOAD_AT) {
            return -1;
        }
        int index = window.at(at, WalFormat.PAYLOAD_AT);
        byte[] bytes = window.bytes();
        if ((bytes[index] & 0xF0) != WalFormat.TAG) {
            return -1;
        }
        int length = WalFormat.getInt(bytes, index + WalFormat.LENGTH_AT);
        return length >= WalFormat.LEAST_PAYLOAD
                        && length <= WalFormat.MAX_PAYLOAD
                        && checksums.ofHead(bytes, index, at) == WalFormat.getInt(bytes, index + WalFormat.HEAD_CRC_AT)
                ? length
                : -1;
    }

    private boolean matches(long at, int length, WalFormat.Checksum checksums) throws IOException {
        int index = window.at(at, WalFormat.OVERHEAD + length);
        byte[] bytes = window.bytes();
        return bytes[index + WalFormat.PAYLOAD_AT + length] == WalFormat.END
                && checksums.of(bytes, index, length, at) == WalFormat.getInt(bytes, index + WalFormat.CRC_AT);
    }

    private void load(long at, int length) throws IOException {
        int index = window.at(at, WalFormat.OVERHEAD + length);
        int mask = window.bytes()[index] & 0x0F;
        int from = index + WalFormat.PAYLOAD_AT;
        payloadPosition = at + WalFormat.PAYLOAD_AT;
        if (payload.length < length) {
            payload = new byte[length];
        }
        System.arraycopy(window.bytes(), from, payload, 0, length);
        if (mask != 0) {
            WalFormat.applyMask(mask, payload, 0, length);
        }
        int to = length;
        if (cipher != null) {
            if (length < FileCipher.TAG_BYTES) {
                throw new CorruptionException(
                        name,
                        at,
                        "an encrypted record of " + FileCipher.TAG_BYTES + " bytes or more",
                        length + " bytes");
            }
            to = length - FileCipher.TAG_BYTES;
            byte[] plain = new byte[to];
            cipher.open(at, FileCipher.KIND_RECORD, payload, 0, length, plain, 0, payloadPosition);
            payload = plain;
        }
        try {
            unsynced = Varint.getLong(payload, 0);
            int second = Varint.size(unsynced);
            firstSequence = Varint.getLong(payload, second);
            payloadFrom = second + Varint.size(firstSequence);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new CorruptionException(name, payloadPosition, "two numbers", "bytes that are none");
        }
        payloadTo = to;
        if (payloadFrom > to || unsynced < 0 || unsynced > at || firstSequence < 0) {
            throw new CorruptionException(
                    name,
                    payloadPosition,
                    "a distance inside the file and a sequence number",
                    unsynced + " and " + firstSequence);
        }
    }

    private void requireTorn() throws IOException {
        long bad = position;
        long next = findWhole(bad + 1, checksum);
        for (long later = next; later >= 0; ) {
            int length = wholeAt(later, checksum);
            load(later, length);
            if (later - unsynced > bad) {
                throw damaged("a whole record, because the one at offset " + later + " says that it was synced");
            }
            later = findWhole(later + WalFormat.OVERHEAD + length, checksum);
        }
        if (next < 0 && endsEarly(bad)) {
            return;
        }
        if (!hasUnwrittenSector(bad, next < 0 ? window.size() : next)) {
            throw damaged("a whole record, or one that a crash cut off");
        }
    }

    /** True when the file ends before the end of the record that starts at {@code at}. */
    private boolean endsEarly(long at) throws IOException {
        long left = window.size() - at;
        return left < WalFormat.PAYLOAD_AT || lengthAt(at, checksum) > left - WalFormat.OVERHEAD;
    }

    /** True when the part of some sector that is inside {@code [from, to)} has only zeros. */
    private boolean hasUnwrittenSector(long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            long sectorEnd = Math.min(to, (at / WalFormat.SECTOR_BYTES + 1) * WalFormat.SECTOR_BYTES);
            int index = window.at(at, (int) (sectorEnd - at));
            if (WalFormat.isZero(window.bytes(), index, index + (int) (sectorEnd - at))) {
                return true;
            }
            at = sectorEnd;
        }
        return false;
    }

    /** Where the first whole record at or after {@code from} starts, or -1. */
    private long findWhole(long from, WalFormat.Checksum checksums) throws IOException {
        long last = window.size() - WalFormat.OVERHEAD - WalFormat.LEAST_PAYLOAD;
        for (long at = from; at <= last; at++) {
            if (wholeAt(at, checksums) >= 0) {
                return at;
            }
        }
        return -1;
    }

    private CorruptionException damaged(String expected) throws IOException {
        long left = window.size() - position;
        String found = left + " bytes";
        if (left >= WalFormat.PAYLOAD_AT) {
            int index = window.at(position, WalFormat.PAYLOAD_AT);
            found = "length " + WalFormat.getInt(window.bytes(), index + WalFormat.LENGTH_AT) + " and checksum "
                    + Integer.toHexString(WalFormat.getInt(window.bytes(), index + WalFormat.CRC_AT)) + " with " + left
                    + " bytes left";
        }
        return new CorruptionException(name, position, expected, found);
    }

    @Override
    public void close() {
        file.close();
    }
}
