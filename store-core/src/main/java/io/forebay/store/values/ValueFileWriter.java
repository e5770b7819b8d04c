package io.forebay.store.values;

import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes one value file (layout: {@link ValueFormat}). A buffer saves a write for each short value; a longer value of a plain file is
 * written from where it lies. It does not decide where a file ends, and does not create or delete the file. Used by one thread. After
 * an exception from any method, and when the file is not needed, the caller calls {@link #abandon()} and deletes the file.
 */
public final class ValueFileWriter {
    /** A longer value has no place. */
    public static final int MAX_VALUE_BYTES = Integer.MAX_VALUE - (1 << 10);

    private static final int BUFFER_BYTES = 64 << 10;

    private final WritableFile file;
    private final String name;
    private final FileCipher cipher;
    private final int overhead;
    private final long high;
    private final long low;
    private final int salt;
    private final long creationMillis;
    private final CRC32C crc = new CRC32C();
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int used;
    private long flushed;
    private long values;
    private long valueBytes;
    private boolean ended;

    /**
     * @param file new and empty; belongs to the writer from this call on
     * @param name of the file, for messages
     * @param cipher of this file; null for a plain one
     * @param high upper half of the id of the file
     * @param low lower half of the id
     * @param creationMillis milliseconds since the epoch, recorded in the properties
     */
    public ValueFileWriter(
            WritableFile file, String name, FileCipher cipher, long high, long low, long creationMillis) {
        this.file = file;
        this.name = name;
        this.cipher = cipher;
        this.overhead = ValueFormat.overhead(cipher);
        this.high = high;
        this.low = low;
        salt = ValueFormat.salt(high, low);
        this.creationMillis = creationMillis;
        ByteBuffer.wrap(buffer).putLong(ValueFormat.MAGIC);
        used = ValueFormat.FIRST_VALUE;
    }

    /**
     * Adds a value, whose bytes are copied.
     *
     * @return its offset in the file
     * @throws IllegalArgumentException when it is empty, or when the file would be longer than 2^40 bytes
     */
    public long add(Slab value, int valueOffset, int length) throws IOException {
        long offset = begin(length);
        if (length > BUFFER_BYTES - overhead) {
            addLong(value.slice(valueOffset, length), length, offset);
        } else {
            room(length + overhead);
            value.get(valueOffset, buffer, used, length);
            end(length, offset, FileCipher.KIND_VALUE, salt);
        }
        return offset;
    }

    /** As the other method, with the value in an array. */
    public long add(byte[] value, int valueOffset, int length) throws IOException {
        long offset = begin(length);
        if (length > BUFFER_BYTES - overhead) {
            addLong(ByteBuffer.wrap(value, valueOffset, length), length, offset);
        } else {
            room(length + overhead);
            System.arraycopy(value, valueOffset, buffer, used, length);
            end(length, offset, FileCipher.KIND_VALUE, salt);
        }
        return offset;
    }

    /** How long the file is so far, without its end. */
    public long position() {
        return flushed + used;
    }

    /** How many bytes a value of {@code length} takes in this file. */
    public long storedBytes(int length) {
        return (long) length + overhead;
    }

    /**
     * Writes the end, syncs and closes the file: its bytes are durable when this returns (its name only after
     * {@link io.forebay.store.FileStore#syncDirectory()}).
     *
     * @return the length of the file
     * @throws IllegalStateException when nothing was added
     */
    public long finish() throws IOException {
        checkOpen();
        if (values == 0) {
            throw new IllegalStateException("Nothing was added to value file " + name + "; abandon it");
        }
        long propertiesOffset = position();
        FieldWriter properties = new ValueProperties(creationMillis, values, valueBytes, high, low).encode();
        room(properties.size() + overhead);
        System.arraycopy(properties.array(), 0, buffer, used, properties.size());
        end(properties.size(), propertiesOffset, FileCipher.KIND_VALUE_PROPERTIES, 0);
        byte[] footer =
                new ValueFormat(propertiesOffset, position(), cipher == null ? null : cipher.envelope()).encode();
        room(footer.length);
        System.arraycopy(footer, 0, buffer, used, footer.length);
        used += footer.length;
        flush();
        file.sync();
        ended = true;
        file.close();
        return position();
    }

    /** Closes the file without finishing it; its content is useless. Nothing after {@link #finish()}. Idempotent. */
    public void abandon() throws IOException {
        if (!ended) {
            ended = true;
            file.close();
        }
    }

    private long begin(int length) {
        checkOpen();
        long offset = position();
        long end = offset + length + overhead + ValueFormat.MAX_PROPERTIES_BYTES + ValueFormat.MAX_FOOTER_BYTES;
        if (length < 1 || length > MAX_VALUE_BYTES || end > ValueFormat.MAX_FILE_BYTES) {
            throw new IllegalArgumentException(
                    "A value of " + length + " bytes cannot be at offset " + offset + " of value file " + name);
        }
        values++;
        valueBytes += length;
        return offset;
    }

    /** Ends the value or properties whose content was copied behind {@code buffer[0, used)}. */
    private void end(int length, long offset, int kind, int fileSalt) {
        if (cipher != null) {
            cipher.seal(offset, kind, buffer, used, length, buffer, used);
        } else {
            crc.reset();
            crc.update(buffer, used, length);
            ByteBuffer.wrap(buffer).putInt(used + length, ValueFormat.checksum(crc, length, offset, fileSalt));
        }
        used += length + overhead;
    }

    private void addLong(ByteBuffer value, int length, long offset) throws IOException {
        flush();
        if (cipher != null) {
            byte[] message = new byte[length + overhead];
            value.get(message, 0, length);
            cipher.seal(offset, FileCipher.KIND_VALUE, message, 0, length, message, 0);
            append(ByteBuffer.wrap(message));
        } else {
            crc.reset();
            crc.update(value.duplicate());
            append(value);
            ByteBuffer.wrap(buffer).putInt(0, ValueFormat.checksum(crc, length, offset, salt));
            used = overhead;
        }
    }

    private void room(int bytes) throws IOException {
        if (bytes > BUFFER_BYTES - used) {
            flush();
        }
    }

    private void flush() throws IOException {
        if (used > 0) {
            int bytes = used;
            used = 0;
            append(ByteBuffer.wrap(buffer, 0, bytes));
        }
    }

    private void append(ByteBuffer bytes) throws IOException {
        int length = bytes.remaining();
        file.append(bytes);
        flushed += length;
    }

    private void checkOpen() {
        if (ended) {
            throw new IllegalStateException("Value file " + name + " is finished or abandoned");
        }
    }
}
