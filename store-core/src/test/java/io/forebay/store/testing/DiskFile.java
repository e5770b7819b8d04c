package io.forebay.store.testing;

import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The bytes of one file of a {@link CrashDisk}, whatever its names are. Bytes are only ever added, so copies that a crash
 * leaves share them until they grow themselves. Thread-safe.
 */
final class DiskFile {
    private byte[] bytes;
    private boolean shared;
    private int size;
    private int synced;
    /** Hash of the first {@link #hashedSize} bytes. */
    private long hash;

    private int hashedSize = -1;

    DiskFile() {
        bytes = new byte[256];
    }

    /** A file that is on disk as it is. */
    DiskFile(byte[] bytes) {
        this(bytes, bytes.length);
    }

    private DiskFile(byte[] bytes, int length) {
        this.bytes = bytes;
        shared = true;
        size = length;
        synced = length;
    }

    synchronized void append(ByteBuffer from) {
        int count = from.remaining();
        if (shared || size + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + count, size * 2));
            shared = false;
        }
        from.get(bytes, size, count);
        size += count;
    }

    synchronized void sync() {
        synced = size;
    }

    synchronized int size() {
        return size;
    }

    synchronized int synced() {
        return synced;
    }

    /** False when the file ends before {@code into} is full. */
    synchronized boolean read(long position, ByteBuffer into) {
        if (position + into.remaining() > size) {
            return false;
        }
        into.put(bytes, (int) position, into.remaining());
        return true;
    }

    synchronized void flip(int offset, int mask) {
        bytes = Arrays.copyOf(bytes, bytes.length);
        shared = false;
        bytes[offset] ^= (byte) mask;
        hashedSize = -1;
    }

    /** A file with the first {@code length} bytes, all on disk. */
    DiskFile prefix(int length) {
        return prefix(length, length);
    }

    /** A file with the first {@code length} bytes, of which the first {@code onDisk} are on disk. */
    synchronized DiskFile prefix(int length, int onDisk) {
        DiskFile copy = new DiskFile(bytes, length);
        copy.synced = onDisk;
        copy.hash = hash(length);
        copy.hashedSize = length;
        return copy;
    }

    /** The first {@code length} bytes, in an array of the caller. */
    synchronized byte[] copy(int length) {
        return Arrays.copyOf(bytes, length);
    }

    synchronized long hash() {
        return hash(size);
    }

    private long hash(int length) {
        if (hashedSize != length) {
            hash = Hashing.xxh3_64().hashBytesToLong(bytes, 0, length);
            hashedSize = length;
        }
        return hash;
    }
}
