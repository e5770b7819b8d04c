package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.MappableFile;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.io.OpenFiles;
import io.forebay.store.io.PooledFile;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which reads of a mapped file go to the file, and what is in the cache. */
@Tag("smoke")
class MappedBlocksTest {
    private static final int ENTRIES = 30_000;
    private static final int BLOCK_BYTES = 4096;
    private static final long BUDGET = 16 << 20;
    private static final String NAME = "f";
    private static final long TWO_SECONDS = 2_200_000_000L;

    private final MemoryFileStore memory = new MemoryFileStore();
    private final ManualClock clock = new ManualClock();
    private boolean inMemory = true;
    private long looks;
    private long reads;
    private long bytesRead;

    /** All files can be mapped; reads are counted. */
    private final class Counting extends ForwardingFileStore.Reader implements MappableFile {
        Counting(ReadableFile file) {
            super(file);
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            reads++;
            bytesRead += into.remaining();
            super.read(position, into);
        }

        @Override
        public FileMapping map() throws IOException {
            ByteBuffer whole = ByteBuffer.allocateDirect((int) size());
            super.read(0, whole);
            return new FileMapping(whole.clear(), () -> {}) {
                @Override
                public boolean isResident(int at, int length) {
                    looks++;
                    return inMemory;
                }
            };
        }
    }

    private PooledFile file() throws IOException {
        List<Entry> entries = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < ENTRIES; i++) {
            // some entries are longer than what is verified at a time
            byte[] value = new byte[i == 20_017 ? 2_000_000 : i % 5000 == 17 ? 100_000 : 60];
            random.nextBytes(value);
            ByteBuffer.wrap(value).putInt(0, i);
            entries.add(new Entry(key(i), 1, ValueKind.PUT, value));
        }
        new SstModel(entries, List.of()).write(memory, NAME, BLOCK_BYTES, 10);
        ForwardingFileStore counting = new ForwardingFileStore(memory) {
            @Override
            public ReadableFile open(String name) throws IOException {
                return new Counting(super.open(name));
            }
        };
        return new OpenFiles(1, new MappedFiles(true, clock)).file(counting, NAME);
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    @Test
    void aLongScanReadsAndVerifiesManyBlocksAtOnceAndEachOnce() throws IOException {
        PooledFile file = file();
        for (boolean backwards : new boolean[] {false, true}) {
            try (SstFixture open = new SstFixture(file, NAME, BUDGET);
                    InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
                int blocks = open.reader.top().dataBlocks();
                assertThat(blocks).isGreaterThan(300);
                long data = open.reader.top().dataOffset(open.reader.top().partitions());
                reads = 0;
                bytesRead = 0;
                scan(iterator, backwards);
                assertThat(reads).isLessThan(blocks / 8 + 40);
                assertThat(bytesRead).isBetween(data, data + data / 8);
                assertThat(open.reader.blockSlots().misses()).isGreaterThanOrEqualTo(blocks);
                reads = 0;
                scan(iterator, !backwards);
                assertThat(reads).isZero();
                assertThat(open.cache.cachedBytes()).isLessThan(data / 8);
            }
        }
        file.unmap();
    }

    @Test
    void aReadHereAndThereReadsItsBlockOnly() throws IOException {
        PooledFile file = file();
        try (SstFixture open = new SstFixture(file, NAME, BUDGET);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            iterator.seek(key(100), 0, 8);
            for (int i = 1000; i < 20_000; i += 1000) {
                bytesRead = 0;
                iterator.seek(key(i), 0, 8);
                check(iterator, i);
                assertThat(bytesRead).isLessThanOrEqualTo(2 * BLOCK_BYTES + SstFormat.META_BLOCK_BYTES * 2);
                bytesRead = 0;
                iterator.seek(key(i), 0, 8);
                check(iterator, i);
                assertThat(bytesRead).isZero();
            }
        }
        file.unmap();
    }

    @Test
    void whatMayHaveLeftMemoryIsLookedForAndReadAgain() throws IOException {
        PooledFile file = file();
        try (SstFixture open = new SstFixture(file, NAME, BUDGET);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            looks = 0; // one when the file was mapped
            scan(iterator, false);
            reads = 0;
            assertThat(looks).as("what was just read").isZero();
            scan(iterator, true);
            assertThat(looks).as("the block whose length is not in its word").isOne();
            looks = 0;

            clock.advance(TWO_SECONDS);
            scan(iterator, false);
            assertThat(looks).isBetween(1L, open.reader.top().dataBlocks() / 8 + 40L);
            assertThat(reads).isZero();
            looks = 0;
            iterator.seek(key(7), 0, 8);
            check(iterator, 7);
            assertThat(looks).as("a second look in a second").isZero();

            clock.advance(TWO_SECONDS);
            inMemory = false;
            iterator.seek(key(7), 0, 8);
            check(iterator, 7);
            assertThat(looks).isOne();
            assertThat(reads).isOne();
            iterator.seek(key(7), 0, 8);
            assertThat(reads).isOne();
            scan(iterator, true);
            assertThat(reads).isLessThan(open.reader.top().dataBlocks() / 8 + 40);
            assertThat(looks).isGreaterThan(10);
        }
        file.unmap();
    }

    @Test
    void aMappedReaderTakesAboutWhatAnotherDoes() throws IOException {
        PooledFile file = file();
        try (SstFixture mapped = new SstFixture(file, NAME, BUDGET);
                ReadableFile plain = memory.open(NAME);
                SstFixture cached = new SstFixture(plain, NAME, BUDGET)) {
            assertThat(mapped.reader.blocks().mapped()).isNotNull();
            assertThat(cached.reader.blocks().mapped()).isNull();
            assertThat(mapped.reader.metadataBytes() - cached.reader.metadataBytes())
                    .isBetween(0L, 100L);
        }
        file.unmap();
    }

    private static void scan(InternalIterator iterator, boolean backwards) throws IOException {
        int count = 0;
        if (backwards) {
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                check(iterator, ENTRIES - ++count);
            }
        } else {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                check(iterator, count++);
            }
        }
        assertThat(count).isEqualTo(ENTRIES);
    }

    private static void check(InternalIterator iterator, int number) throws IOException {
        byte[] value = iterator.copyValue();
        if (!Arrays.equals(iterator.copyKey(), key(number))
                || ByteBuffer.wrap(value).getInt() != number) {
            throw new AssertionError("Not entry " + number);
        }
    }
}
