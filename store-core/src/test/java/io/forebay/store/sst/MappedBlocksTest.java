package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.MappableFile;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.io.OpenFiles;
import io.forebay.store.io.PooledFile;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.values.ValueFile;
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
    private static final long LITTLE = 1 << 20;
    private static final String NAME = "f";
    private static final long A_MINUTE = 60_000_000_000L;

    private final MemoryFileStore memory = new MemoryFileStore();
    private final ManualClock clock = new ManualClock();
    private boolean inMemory = true;
    private boolean mapFails;
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
        public boolean isMappable() {
            return true;
        }

        @Override
        public FileMapping map() throws IOException {
            if (mapFails) {
                throw new IOException("no mapping");
            }
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
            // some entries are longer than what is looked for at a time, and one has no word
            byte[] value = new byte[i == 20_017 ? 200_000 : i % 5000 == 17 ? 100_000 : 60];
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
    void whatWasVerifiedIsReadInPlace() throws IOException {
        PooledFile file = file();
        for (boolean backwards : new boolean[] {false, true}) {
            try (SstFixture open = new SstFixture(file, NAME, LITTLE);
                    InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
                assertThat(open.reader.top().dataBlocks()).isGreaterThan(300);
                bytesRead = 0;
                scan(iterator, backwards);
                assertThat(bytesRead).as("far more than the cache holds").isGreaterThan(2 * LITTLE);
                bytesRead = 0;
                looks = 0;
                scan(iterator, backwards);
                scan(iterator, !backwards);
                for (int i = 0; i < ENTRIES; i += 111) {
                    iterator.seek(key(i), 0, 8);
                    check(iterator, i);
                }
                assertThat(bytesRead).as("of filters and indexes").isLessThan(LITTLE);
                assertThat(looks).as("what was just read is in memory").isZero();
            }
        }
        file.unmap();
    }

    @Test
    void whatMayHaveLeftMemoryIsLookedFor() throws IOException {
        PooledFile file = file();
        for (boolean backwards : new boolean[] {false, true}) {
            try (SstFixture open = new SstFixture(file, NAME, LITTLE);
                    InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
                int blocks = open.reader.top().dataBlocks();
                scan(iterator, backwards);
                clock.advance(A_MINUTE);
                bytesRead = 0;
                looks = 0;
                scan(iterator, backwards);
                assertThat(looks).as("many at a time").isBetween(blocks / 40L, blocks / 8 + 40L);
                assertThat(bytesRead).isLessThan(LITTLE);
                looks = 0;
                scan(iterator, !backwards);
                assertThat(looks).as("a second look in a tick").isZero();
            }
        }
        file.unmap();
    }

    @Test
    void whatHasLeftMemoryIsReadToTheCache() throws IOException {
        PooledFile file = file();
        try (SstFixture open = new SstFixture(file, NAME, LITTLE);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            scan(iterator, false);
            clock.advance(A_MINUTE);
            inMemory = false;
            bytesRead = 0;
            looks = 0;
            scan(iterator, false);
            assertThat(bytesRead).isGreaterThan(2 * LITTLE);
            assertThat(looks).as("until memory is known to be short").isBetween(4L, 20L);
            inMemory = true;
            bytesRead = 0;
            looks = 0;
            scan(iterator, false);
            assertThat(bytesRead).as("memory was short").isGreaterThan(2 * LITTLE);
            assertThat(looks).isZero();
            clock.advance(A_MINUTE);
            bytesRead = 0;
            scan(iterator, false);
            assertThat(bytesRead).isLessThan(LITTLE);
        }
        file.unmap();
    }

    @Test
    void aBlockInTheCacheIsNotLookedFor() throws IOException {
        PooledFile file = file();
        try (SstFixture open = new SstFixture(file, NAME, BUDGET);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            iterator.seek(key(7), 0, 8);
            clock.advance(A_MINUTE);
            looks = 0;
            reads = 0;
            iterator.seek(key(7), 0, 8);
            check(iterator, 7);
            assertThat(looks).isZero();
            assertThat(reads).isZero();
        }
        file.unmap();
    }

    @Test
    void theWordsOfAMappedReaderAreCounted() throws IOException {
        PooledFile file = file();
        try (SstFixture mapped = new SstFixture(file, NAME, BUDGET);
                ReadableFile plain = memory.open(NAME);
                SstFixture cached = new SstFixture(plain, NAME, BUDGET)) {
            assertThat(mapped.reader.blocks().mapped()).isNotNull();
            assertThat(cached.reader.blocks().mapped()).isNull();
            assertThat(mapped.reader.metadataBytes() - cached.reader.metadataBytes())
                    .isEqualTo(MappedBlocks.heapBytes(mapped.reader.top().dataBlocks()));
        }
        file.unmap();
    }

    @Test
    void aReaderWithoutRoomMapsNothing() throws IOException {
        PooledFile file = file();
        SlabPool pool = new SlabPool(new DirectSlabAllocator(BUDGET), BUDGET);
        try (BlockCache cache = new BlockCache(pool)) {
            long taken = 0;
            while (pool.tryReserve(SlabPool.Use.MEMTABLE, LITTLE)) {
                taken += LITTLE;
            }
            while (pool.tryReserve(SlabPool.Use.MEMTABLE, 1)) {
                taken++;
            }
            SstReader none =
                    SstReader.open(file, NAME, ValueFile.NONE, cache, pool, Encryption.NONE, null, SstMetadata.UNKNOWN);
            assertThat(none.isTransient()).isTrue();
            assertThat(none.withRoom(cache)).isSameAs(none);
            assertThat(file.mayBeMapped()).isTrue();
            assertThat(file.isMapped()).isFalse();
            pool.unreserve(SlabPool.Use.MEMTABLE, taken);
            SstReader made = none.withRoom(cache);
            assertThat(made.isTransient()).isFalse();
            assertThat(file.isMapped()).isTrue();
            made.close();
            assertThat(pool.used()).isZero();
        }
        file.unmap();
    }

    @Test
    void whatIsNotMappedAfterAllIsNotCounted() throws IOException {
        PooledFile file = file();
        mapFails = true;
        try (SstFixture refused = new SstFixture(file, NAME, BUDGET);
                ReadableFile plain = memory.open(NAME);
                SstFixture cached = new SstFixture(plain, NAME, BUDGET)) {
            assertThat(refused.reader.blocks().mapped()).isNull();
            assertThat(refused.reader.metadataBytes()).isEqualTo(cached.reader.metadataBytes());
        }
    }

    @Test
    void whatCannotBeCountedInPlaceIsAnErrorThatNamesTheFile() throws IOException {
        CrashFileStore files = new CrashFileStore().mappable();
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            entries.add(new Entry(key(i), 1, ValueKind.PUT, new byte[60]));
        }
        new SstModel(entries, List.of()).write(files, NAME, BLOCK_BYTES, 10);
        PooledFile file = new OpenFiles(1, new MappedFiles(true, clock)).file(files, NAME);
        try (SstFixture open = new SstFixture(file, NAME, LITTLE)) {
            KeyRange few = KeyRange.of(key(40_000), key(40_002)); // past what the cache takes
            try (InternalIterator all = open.reader.iterator(KeyRange.all(), -1)) {
                for (all.seekToFirst(); all.isValid(); all.next()) {}
            }
            assertThat(open.reader.part(few)).isEqualTo(2.0 / 50_000);
            files.failMapped();
            clock.advance(A_MINUTE);
            assertThatThrownBy(() -> open.reader.part(few))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(NAME)
                    .hasCauseInstanceOf(InternalError.class);
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
