package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Scans of files that are larger than the cache. */
class LongScanTest {
    private static final int ENTRIES = 60_000;
    private static final int BLOCK_BYTES = 4096;
    private static final long SMALL = 1 << 20;

    @Test
    void readsManyBlocksAtOnce() throws IOException {
        for (Compression compression : List.of(Compression.NONE, Compression.LZ4)) {
            for (Encryption encryption : List.of(Encryption.NONE, TestKeys.seeded(TestKeys.provider("k"), 1))) {
                Counted file = file(compression, encryption);
                try (SstFixture open = open(file, SMALL, encryption);
                        InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
                    int blocks = open.reader.top().dataBlocks();
                    assertThat(blocks).isGreaterThan(500);
                    file.reads = 0;
                    assertThat(forward(iterator)).isEqualTo(ENTRIES);
                    assertThat(file.reads).isLessThan(blocks / 4 + 100);
                    file.reads = 0;
                    assertThat(backward(iterator)).isEqualTo(ENTRIES);
                    assertThat(file.reads).isLessThan(blocks / 4 + 100);
                }
            }
        }
    }

    @Test
    void leavesInTheCacheWhatWasThere() throws IOException {
        Counted file = file(Compression.NONE, Encryption.NONE);
        try (SstFixture open = open(file, SMALL, Encryption.NONE);
                InternalIterator hot = open.reader.iterator(KeyRange.all(), -1);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            touch(hot);
            touch(hot);
            forward(iterator);
            forward(iterator);
            file.reads = 0;
            touch(hot);
            assertThat(file.reads).isZero();
        }
    }

    @Test
    void fillsACacheThatHasRoom() throws IOException {
        Counted file = file(Compression.NONE, Encryption.NONE);
        try (SstFixture open = open(file, 64 << 20, Encryption.NONE);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            forward(iterator);
            file.reads = 0;
            assertThat(backward(iterator)).isEqualTo(ENTRIES);
            assertThat(file.reads).isZero();
        }
    }

    @Test
    void goesOnWithoutMemoryOfItsOwn() throws IOException {
        Counted file = file(Compression.NONE, Encryption.NONE);
        try (SstFixture open = open(file, SMALL, Encryption.NONE);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            iterator.seekToFirst();
            List<Slab> taken = new ArrayList<>();
            for (Slab slab; (slab = open.pool.tryTake(SlabPool.Use.METADATA)) != null; ) {
                taken.add(slab);
            }
            assertThat(forward(iterator)).isEqualTo(ENTRIES);
            taken.forEach(slab -> open.pool.give(SlabPool.Use.METADATA, slab));
        }
    }

    @Test
    void noticesDamageInTheMiddleOfWhatItReadsAtOnce() throws IOException {
        byte[] bytes = bytes(Compression.NONE, Encryption.NONE);
        bytes[bytes.length / 2] ^= 1;
        Counted file = new Counted(bytes);
        try (SstFixture open = open(file, SMALL, Encryption.NONE);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            assertThatThrownBy(() -> forward(iterator)).isInstanceOf(CorruptionException.class);
            assertThatThrownBy(() -> backward(iterator)).isInstanceOf(CorruptionException.class);
        }
    }

    /** Turns at any place of a long scan. */
    @Test
    void walksBackAndForth() throws IOException {
        Random random = new Random(7);
        Counted file = file(Compression.NONE, Encryption.NONE);
        try (SstFixture open = open(file, SMALL, Encryption.NONE);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            iterator.seekToFirst();
            int at = 0;
            for (int turn = 0; turn < 40; turn++) {
                int target = random.nextInt(ENTRIES);
                while (at != target) {
                    if (at < target) {
                        iterator.next();
                        at++;
                    } else {
                        iterator.prev();
                        at--;
                    }
                    assertThat(number(iterator)).isEqualTo(at);
                }
            }
        }
    }

    private static int forward(InternalIterator iterator) throws IOException {
        int count = 0;
        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
            check(iterator, count++);
        }
        return count;
    }

    private static int backward(InternalIterator iterator) throws IOException {
        int count = 0;
        for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
            check(iterator, ENTRIES - ++count);
        }
        return count;
    }

    /** Looks at a few blocks far from each other. */
    private static void touch(InternalIterator iterator) throws IOException {
        for (int i = 0; i < ENTRIES; i += ENTRIES / 10) {
            iterator.seek(key(i), 0, 8);
            check(iterator, i);
        }
    }

    private static void check(InternalIterator iterator, int number) {
        if (number(iterator) != number || iterator.valueSlab().getInt(iterator.valueOffset()) != number) {
            throw new AssertionError("Entry " + number(iterator) + " instead of " + number);
        }
    }

    private static int number(InternalIterator iterator) {
        return (int) ByteBuffer.wrap(iterator.key()).getLong(0);
    }

    private static SstFixture open(Counted file, long budget, Encryption encryption) throws IOException {
        return new SstFixture(file, "f", budget, encryption);
    }

    private static Counted file(Compression compression, Encryption encryption) throws IOException {
        return new Counted(bytes(compression, encryption));
    }

    private static byte[] bytes(Compression compression, Encryption encryption) throws IOException {
        List<Entry> entries = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < ENTRIES; i++) {
            byte[] value = new byte[60];
            random.nextBytes(value);
            ByteBuffer.wrap(value).putInt(0, i);
            entries.add(new Entry(key(i), 1, ValueKind.PUT, value));
        }
        MemoryFileStore files = new MemoryFileStore();
        new SstModel(entries, List.of()).write(files, "f", encryption, compression, BLOCK_BYTES, 10);
        try (ReadableFile file = files.open("f")) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    private static final class Counted implements ReadableFile {
        private final byte[] bytes;
        int reads;

        Counted(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public void read(long position, ByteBuffer into) {
            reads++;
            into.put(bytes, (int) position, into.remaining());
        }

        @Override
        public void close() {}
    }
}
