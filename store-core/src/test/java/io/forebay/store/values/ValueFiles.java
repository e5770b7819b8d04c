package io.forebay.store.values;

import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.ByteArrayFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Makes value files of a few values, and reads them. */
final class ValueFiles {
    static final String NAME = "000102030405060708090a0b0c0d0e0f.val";
    static final long HIGH = 0x0001020304050607L;
    static final long LOW = 0x08090a0b0c0d0e0fL;

    private ValueFiles() {}

    /** A file with these values. @param offsets gets where they are */
    static byte[] write(Encryption encryption, List<byte[]> values, long[] offsets) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        FileCipher cipher = encryption.create(NAME);
        ValueFileWriter writer = new ValueFileWriter(files.create(NAME), NAME, cipher, HIGH, LOW, 7);
        for (int i = 0; i < offsets.length; i++) {
            byte[] value = values.get(i);
            offsets[i] = writer.add(value, 0, value.length);
        }
        return bytes(files, writer.finish());
    }

    /** A file with another id and this value. */
    static byte[] writeOther(Encryption encryption, byte[] value) throws IOException {
        MemoryFileStore files = new MemoryFileStore();
        String name = "000102030405060708090a0b0c0d0e10.val";
        ValueFileWriter writer =
                new ValueFileWriter(files.create(NAME), name, encryption.create(name), HIGH, LOW + 1, 7);
        writer.add(value, 0, value.length);
        return bytes(files, writer.finish());
    }

    static byte[] bytes(MemoryFileStore files, long length) throws IOException {
        try (ReadableFile file = files.open(NAME)) {
            byte[] bytes = new byte[(int) length];
            if (file.size() != length) {
                throw new AssertionError("The file has " + file.size() + " bytes, the writer says " + length);
            }
            file.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }

    static ValueFileReader open(byte[] file, Encryption encryption) throws IOException {
        return open(file, encryption, Math.max(1, file.length)); // no file is listed as empty
    }

    /** @param listed the length that the file is said to have */
    static ValueFileReader open(byte[] file, Encryption encryption, long listed) throws IOException {
        ValueShare share = new ValueShare(HIGH, LOW, listed, 0, 1, encryption.currentKeyId());
        return ValueFileReader.open(new ByteArrayFile(file), NAME, encryption, share);
    }

    static byte[] read(ValueFileReader reader, long offset, int length) throws IOException {
        ValueBuffer into = new ValueBuffer(0);
        reader.read(offset, length, into);
        return into.toByteArray();
    }
}
