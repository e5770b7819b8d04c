package io.forebay.store.values;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.Slab;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Reads one value file (layout: {@link ValueFormat}). It holds a few hundred bytes, and no value; each value is one read of the file. It
 * does not open or close the file. Thread-safe. All methods that read throw {@link CorruptionException} as soon as they meet bytes that
 * are not what was written.
 */
public final class ValueFileReader {
    /** What is read at first: more than a plain end or one with a wrapped key of usual length takes. */
    private static final int END_BYTES = 1 << 10;

    private final ReadableFile file;
    private final String name;
    /** Null for a plain file. */
    private final FileCipher cipher;

    private final int overhead;
    private final long valuesEnd;
    private final ValueProperties properties;
    private final int salt;

    private ValueFileReader(
            ReadableFile file, String name, FileCipher cipher, long valuesEnd, ValueProperties properties) {
        this.file = file;
        this.name = name;
        this.cipher = cipher;
        this.overhead = ValueFormat.overhead(cipher);
        this.valuesEnd = valuesEnd;
        this.properties = properties;
        salt = ValueFormat.salt(properties.high(), properties.low());
    }

    /**
     * Loads and verifies the end of the file.
     *
     * @param file belongs to the caller, which keeps it open as long as any thread reads
     * @param name of the file, for messages; part of what an encrypted file authenticates
     * @param listed what an SST has in the file: its id, length and key are used, a null key for a plain file
     * @throws CorruptionException when the file is damaged, or another one than is listed
     * @throws io.forebay.store.EncryptionException when the file is encrypted and its key is not available, or plain and plain files
     *     are refused
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote the file
     */
    public static ValueFileReader open(ReadableFile file, String name, Encryption encryption, ValueShare listed)
            throws IOException {
        long size = file.size();
        String keyId = listed.keyId();
        if (size != listed.fileBytes()) {
            throw new CorruptionException(
                    name, size, "a file of " + listed.fileBytes() + " bytes, as is listed", size + " bytes");
        }
        ValueFormat format = ValueFormat.decode(end(file, name, size), name, size);
        FileCipher cipher = null;
        if (format.envelope() == null) {
            encryption.checkPlain(name);
            if (keyId != null) {
                throw plain(name, format, keyId);
            }
        } else {
            if (keyId == null) {
                throw new CorruptionException(name, format.footerOffset(), "a plain file", "one that is encrypted");
            }
            cipher = encryption.open(format.envelope(), name, format.footerOffset());
        }
        long spaceBytes = format.propertiesOffset() - ValueFormat.FIRST_VALUE;
        FieldReader fields = properties(file, name, format, cipher);
        ValueProperties properties = ValueProperties.decode(fields, spaceBytes, ValueFormat.overhead(cipher));
        if (properties.high() != listed.high() || properties.low() != listed.low()) {
            throw new CorruptionException(
                    name,
                    format.propertiesOffset(),
                    "the file with id " + id(listed.high(), listed.low()),
                    "the one with id " + id(properties.high(), properties.low()));
        }
        return new ValueFileReader(file, name, cipher, format.propertiesOffset(), properties);
    }

    private static String id(long high, long low) {
        return String.format(Locale.ROOT, "%016x%016x", high, low);
    }

    /** How many bytes a value of {@code length} takes in a file. @param keyId of the master key of the file; null for a plain one */
    public static long storedBytes(int length, String keyId) {
        return (long) length + (keyId == null ? ValueFormat.CHECKSUM_BYTES : FileCipher.TAG_BYTES);
    }

    /**
     * The wrapped key of a file, which is needed to {@link #open} the file.
     *
     * @param keyId of the master key that the file must be encrypted with
     * @throws CorruptionException when the end of the file is damaged, or the file is plain
     * @throws io.forebay.store.FormatTooNewException when a newer version wrote the file
     */
    public static KeyEnvelope keyEnvelope(ReadableFile file, String name, String keyId) throws IOException {
        long size = file.size();
        ValueFormat format = ValueFormat.decode(end(file, name, size), name, size);
        if (format.envelope() == null) {
            throw plain(name, format, keyId);
        }
        return format.envelope();
    }

    private static CorruptionException plain(String name, ValueFormat format, String keyId) {
        return new CorruptionException(
                name, format.footerOffset(), "a file that is encrypted with key \"" + keyId + "\"", "a plain one");
    }

    public ValueProperties properties() {
        return properties;
    }

    /** How many bytes of the file are not of values. */
    public long frameBytes() throws IOException {
        return file.size() - (valuesEnd - ValueFormat.FIRST_VALUE);
    }

    /**
     * Reads a value.
     *
     * @param into gets it; its content is lost when this throws
     * @throws CorruptionException when there is no such value in the file, or it is not what was written
     */
    public void read(long offset, int length, ValueBuffer into) throws IOException {
        if (length < 1 || offset < ValueFormat.FIRST_VALUE || offset > valuesEnd - overhead - length) {
            throw new CorruptionException(
                    name,
                    offset,
                    "a value before offset " + valuesEnd,
                    "a reference to " + length + " bytes at offset " + offset);
        }
        if (cipher == null) {
            readPlain(offset, length, into);
        } else {
            byte[] message = new byte[length + overhead];
            read(file, name, offset, message, message.length);
            cipher.open(offset, FileCipher.KIND_VALUE, message, 0, message.length, into.reset(length), 0, offset);
        }
    }

    /** Where the last value ends. */
    public long valuesEnd() {
        return valuesEnd;
    }

    /** Reads a part of the file, which has values, as it is. */
    public void readStored(long offset, int length, Slab into, int at) throws IOException {
        read(file, name, offset, into.slice(at, length), length);
    }

    /**
     * As {@link #read}, of bytes that {@link #readStored} has read.
     *
     * @param stored has all {@link #storedBytes} of the value from {@code at} on
     * @param into gets the value at {@code intoAt}; does not change when this throws
     * @throws CorruptionException when the value is not what was written
     */
    public void take(long offset, int length, Slab stored, int at, byte[] into, int intoAt) {
        byte[] decrypted = check(offset, length, stored, at);
        copy(decrypted, length, stored, at, into, intoAt);
    }

    /** As the other method. */
    public void take(long offset, int length, Slab stored, int at, ValueBuffer into) {
        byte[] decrypted = check(offset, length, stored, at);
        copy(decrypted, length, stored, at, into.reset(length), 0);
    }

    /** @return the value; null in a plain file, where it is as it is stored */
    private byte[] check(long offset, int length, Slab stored, int at) {
        if (cipher == null) {
            ValueFormat.verify(stored.slice(at, length), length, stored.getInt(at + length), name, offset, salt);
            return null;
        }
        byte[] message = stored.toByteArray(at, length + overhead);
        byte[] decrypted = new byte[length];
        cipher.open(offset, FileCipher.KIND_VALUE, message, 0, message.length, decrypted, 0, offset);
        return decrypted;
    }

    private static void copy(byte[] decrypted, int length, Slab stored, int at, byte[] into, int intoAt) {
        if (decrypted == null) {
            stored.get(at, into, intoAt, length);
        } else {
            System.arraycopy(decrypted, 0, into, intoAt, length);
        }
    }

    private void readPlain(long offset, int length, ValueBuffer into) throws IOException {
        int room = into.array().length;
        if (room >= length && room - length < overhead) { // a buffer for the longest value does not grow
            byte[] bytes = into.reset(length);
            read(file, name, offset, bytes, length);
            int checksum =
                    ByteBuffer.wrap(read(file, name, offset + length, overhead)).getInt();
            ValueFormat.verify(bytes, length, checksum, name, offset, salt);
        } else {
            // The checksum goes behind the value for a moment.
            byte[] bytes = into.reset(length + overhead);
            read(file, name, offset, bytes, length + overhead);
            ValueFormat.verify(bytes, length, name, offset, salt);
            into.reset(length); // keeps the array, which is long enough
        }
    }

    /**
     * Checks the first bytes of the file, which no other method reads.
     *
     * @throws CorruptionException when they are not those of a value file
     */
    public void checkFront() throws IOException {
        long magic = ByteBuffer.wrap(read(file, name, 0, Long.BYTES)).getLong();
        if (magic != ValueFormat.MAGIC) {
            throw new CorruptionException(
                    name, 0, "magic " + Long.toHexString(ValueFormat.MAGIC), Long.toHexString(magic));
        }
    }

    private static byte[] end(ReadableFile file, String name, long size) throws IOException {
        byte[] end = read(file, name, size - Math.min(size, END_BYTES), (int) Math.min(size, END_BYTES));
        long envelope =
                size < ValueFormat.FOOTER_BYTES ? 0 : ByteBuffer.wrap(end).getInt(end.length - 20);
        boolean isWhole = envelope <= end.length - ValueFormat.FOOTER_BYTES || end.length == size;
        if (isWhole) {
            return end;
        }
        int longest = (int) Math.min(size, ValueFormat.MAX_FOOTER_BYTES);
        return read(file, name, size - longest, longest);
    }

    private static FieldReader properties(ReadableFile file, String name, ValueFormat format, FileCipher cipher)
            throws IOException {
        long offset = format.propertiesOffset();
        int stored = (int) (format.footerOffset() - offset); // the footer was checked: it is short
        int length = stored - ValueFormat.overhead(cipher);
        if (length < 1) {
            throw new CorruptionException(name, offset, "properties", stored + " bytes");
        }
        byte[] bytes = read(file, name, offset, stored);
        if (cipher == null) {
            ValueFormat.verify(bytes, length, name, offset, 0);
            return new FieldReader(bytes, length, name, offset);
        }
        byte[] plain = new byte[length];
        cipher.open(offset, FileCipher.KIND_VALUE_PROPERTIES, bytes, 0, stored, plain, 0, offset);
        return new FieldReader(plain, length, name, offset);
    }

    private static byte[] read(ReadableFile file, String name, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        read(file, name, offset, bytes, length);
        return bytes;
    }

    private static void read(ReadableFile file, String name, long offset, byte[] into, int length) throws IOException {
        read(file, name, offset, ByteBuffer.wrap(into, 0, length), length);
    }

    private static void read(ReadableFile file, String name, long offset, ByteBuffer into, int length)
            throws IOException {
        try {
            file.read(offset, into);
        } catch (EOFException e) {
            CorruptionException truncated = new CorruptionException(
                    name, offset, length + " bytes", "a file of " + file.size() + " bytes that ends before");
            truncated.initCause(e);
            throw truncated;
        }
    }
}
