package io.forebay.store.version;

import static io.forebay.store.testing.TestThreads.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.Source;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstReader;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Readers come and go; who reads never notices. */
@Timeout(300)
class TableCacheTest {
    /** So many that the reader of a file takes more memory than an index block. */
    private static final int ENTRIES = 800;

    private final MemoryFileStore memory = new MemoryFileStore();
    private final HandleCountingFileStore.Counts counts = new HandleCountingFileStore.Counts();
    private VersionFixture store = new VersionFixture(new HandleCountingFileStore(memory, counts));

    @Test
    void anEvictedReaderIsMadeAgain() throws IOException {
        PhysicalFile file = write(0);
        SstReader reader = file.reader();
        assertThat(file.reader()).isSameAs(reader);
        assertThat(store.tables.size()).isEqualTo(1);
        assertThat(store.tables.misses()).isEqualTo(1);
        assertThat(value(file, 3)).isEqualTo(3);
        long hits = file.cacheHits();
        long misses = file.cacheMisses();
        assertThat(misses).isPositive();
        assertThat(store.tables.evict(1)).isEqualTo(reader.metadataBytes());
        assertThat(store.tables.size()).isZero();
        assertThat(store.tables.evictions()).isEqualTo(1);
        assertThat(store.pool.used(Use.SST_READER)).isZero();
        assertThat(store.cache.cachedBytes()).isZero();
        assertThat(file.cacheHits()).isEqualTo(hits);
        assertThat(value(file, 3)).isEqualTo(3);
        assertThat(file.reader()).isNotSameAs(reader);
        assertThat(store.tables.misses()).isEqualTo(2);
        assertThat(file.cacheMisses()).isEqualTo(2 * misses);
        // closing readers closes no file
        assertThat(counts.opens()).isEqualTo(1);
        file.release();
        assertThat(store.tables.size()).isZero();
        assertThat(store.pool.used(Use.SST_READER)).isZero();
        assertThat(counts.open()).isZero();
    }

    @Test
    void thoseThatAreUsedStay() throws IOException {
        List<PhysicalFile> files = writeAll(10);
        for (PhysicalFile file : files) {
            value(file, 0);
        }
        SstReader used = files.get(4).reader();
        for (int i = 0; i < 9; i++) {
            store.tables.evict(1);
            assertThat(files.get(4).reader()).isSameAs(used);
            assertThat(store.tables.size()).isEqualTo(9 - i);
        }
        files.forEach(PhysicalFile::release);
    }

    @Test
    void memtablesTakeTheMemoryOfReaders() throws IOException {
        List<PhysicalFile> files = writeAll(20);
        for (PhysicalFile file : files) {
            value(file, 0);
        }
        store.cache.close();
        long used = store.pool.used(Use.SST_READER);
        assertThat(used).isPositive();
        long rest = store.pool.budget() - used / 2;
        assertThat(store.pool.tryReserve(Use.MEMTABLE, rest)).isTrue();
        assertThat(store.pool.used(Use.SST_READER)).isPositive().isLessThanOrEqualTo(used / 2);
        assertThat(store.pool.tryReserve(Use.MEMTABLE, used / 2)).isTrue();
        // nothing is left: whatever is read is read all the same
        assertThat(store.pool.used(Use.SST_READER)).isZero();
        for (PhysicalFile file : files) {
            assertThat(value(file, 7)).isEqualTo(7);
            assertThat(file.reader().isTransient()).isTrue();
        }
        assertThat(store.tables.size()).isZero();
        assertThat(store.pool.used()).isLessThanOrEqualTo(store.pool.budget());
        store.pool.unreserve(Use.MEMTABLE, rest + used / 2);
        assertThat(files.get(0).reader().isTransient()).isFalse();
        files.forEach(PhysicalFile::release);
        assertThat(counts.open()).isZero();
    }

    @Test
    void aReaderWithoutRoomIsMadeOnceForAllWhoRead() throws IOException {
        PhysicalFile file = write(0);
        assertThat(store.pool.tryReserve(Use.MEMTABLE, store.pool.budget())).isTrue();
        SstReader reader = file.reader();
        assertThat(reader.isTransient()).isTrue();
        int reads = counts.reads();
        assertThat(file.reader()).isSameAs(reader);
        assertThat(counts.reads()).isEqualTo(reads);
        assertThat(value(file, 7)).isEqualTo(7);
        assertThat(store.tables.misses()).isEqualTo(1);
        // with room it becomes one of the table cache, and nothing is read again
        store.pool.unreserve(Use.MEMTABLE, store.pool.budget());
        reads = counts.reads();
        assertThat(file.reader().isTransient()).isFalse();
        assertThat(file.reader()).isSameAs(file.reader());
        assertThat(counts.reads()).isEqualTo(reads);
        assertThat(store.tables.misses()).isEqualTo(1);
        assertThat(reader.isTransient()).isTrue(); // whoever had it may go on
        assertThat(value(file, 8)).isEqualTo(8);
        file.release();
        assertThat(store.pool.used(Use.SST_READER)).isZero();
    }

    @Test
    void readersTakeNoMoreFromTheCacheThanItsFloor() throws IOException {
        List<PhysicalFile> files = writeAll(40);
        // the readers fill all that the memtables leave; a block takes the room of one of them
        for (PhysicalFile file : files) {
            file.reader();
        }
        long tables = store.pool.used(Use.SST_READER);
        assertThat(store.pool.used(Use.CACHE)).isZero();
        long rest = store.pool.budget() - tables;
        assertThat(store.pool.tryReserve(Use.MEMTABLE, rest)).isTrue();
        assertThat(value(files.get(0), 1)).isEqualTo(1);
        assertThat(store.pool.used(Use.CACHE)).isPositive();
        assertThat(store.pool.used(Use.SST_READER)).isPositive().isLessThan(tables);
        store.pool.unreserve(Use.MEMTABLE, rest);
        files.forEach(PhysicalFile::release);
    }

    @Test
    void aCursorThatNobodyMovesHoldsNoReader() throws IOException {
        PhysicalFile file = write(0);
        SortedRun run = new SortedRun(0, List.of(meta(file)));
        Version version = new Version(List.of(run));
        List<Source> sources = new ArrayList<>();
        version.addSources(KeyRange.all(), true, sources);
        InternalIterator cursor = sources.get(0).iterator();
        int entries = 0;
        int made = 0;
        for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
            assertThat(cursor.copyKey()).isEqualTo(key(entries++));
            if (entries % 100 == 0) {
                made++;
                store.tables.evict(1);
                assertThat(store.pool.used(Use.SST_READER)).isZero();
            }
        }
        assertThat(entries).isEqualTo(ENTRIES);
        for (cursor.seekToLast(); cursor.isValid(); cursor.prev()) {
            assertThat(cursor.copyKey()).isEqualTo(key(--entries));
            if (entries % 100 == 50) {
                store.tables.evict(1);
            }
        }
        assertThat(store.tables.misses()).isGreaterThanOrEqualTo(made);
        cursor.close();
        version.release();
        file.release();
        store.cache.close();
        assertThat(store.pool.used()).isZero();
    }

    @Test
    void aScanPastTheCacheLeavesTheReadersAlone() throws IOException {
        PhysicalFile file = write(0);
        try (InternalIterator scan = Version.source(List.of(meta(file)), null).iterator()) {
            int entries = 0;
            for (scan.seekToFirst(); scan.isValid(); scan.next()) {
                entries++;
            }
            assertThat(entries).isEqualTo(ENTRIES);
        }
        assertThat(store.tables.misses()).isZero();
        assertThat(store.pool.used()).isZero();
        file.release();
    }

    @Test
    void aFileIsOpenedOnceHoweverManyWant() throws Exception {
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        FileStore slow = new ForwardingFileStore(new HandleCountingFileStore(memory, counts)) {
            @Override
            public ReadableFile open(String name) throws IOException {
                opening.countDown();
                await(go);
                return super.open(name);
            }
        };
        store = new VersionFixture(slow);
        PhysicalFile file = write(0);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<SstReader>> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                readers.add(threads.submit(file::reader));
            }
            await(opening);
            go.countDown();
            SstReader first = readers.get(0).get();
            for (Future<SstReader> reader : readers) {
                assertThat(reader.get()).isSameAs(first);
            }
        } finally {
            go.countDown();
            threads.shutdownNow();
        }
        assertThat(counts.opens()).isEqualTo(1);
        assertThat(store.tables.misses()).isEqualTo(1);
        file.release();
    }

    @Test
    void whatCannotBeOpenedIsNotRemembered() throws IOException {
        PhysicalFile file = write(0);
        String name = file.id().name();
        byte[] good = bytes(name);
        byte[] bad = good.clone();
        bad[bad.length - 20] ^= 1;
        replace(name, bad);
        assertThatThrownBy(file::reader).isInstanceOf(CorruptionException.class);
        assertThat(store.tables.size()).isZero();
        assertThat(store.pool.used()).isZero();
        memory.delete(name);
        store.tables.evict(1);
        file.release();
        PhysicalFile again = write(1);
        memory.delete(again.id().name());
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(again::reader)
                    .isInstanceOf(CorruptionException.class)
                    .hasCauseInstanceOf(NoSuchFileException.class);
        }
        assertThat(store.tables.openFiles()).isZero();
        again.release();
    }

    /** Readers are evicted all the time, and files closed, while they are read in every way. */
    @Test
    void manyThreadsReadWhileReadersAreEvicted() throws Exception {
        List<PhysicalFile> files = writeAll(30);
        Version version = new Version(List.of(new SortedRun(0, List.of(meta(files.get(0))))));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                Random random = new Random(t);
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 5_000; i++) {
                        int key = random.nextInt(ENTRIES);
                        assertThat(value(files.get(random.nextInt(files.size())), key))
                                .isEqualTo(key);
                        if (i % 200 == 0) {
                            scan(version);
                        }
                    }
                    return null;
                }));
            }
            Random random = new Random(9);
            while (!running.stream().allMatch(Future::isDone)) {
                store.tables.evict(1 + random.nextInt(20_000));
                Thread.onSpinWait();
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(store.tables.evictions()).isPositive();
        assertThat(counts.most()).isLessThanOrEqualTo(16 + 4);
        version.release();
        files.forEach(PhysicalFile::release);
        assertThat(store.pool.used(Use.SST_READER)).isZero();
        assertThat(counts.open()).isZero();
        store.cache.close();
        assertThat(store.pool.used()).isZero();
    }

    private static void scan(Version version) throws IOException {
        List<Source> sources = new ArrayList<>();
        version.addSources(KeyRange.all(), true, sources);
        try (InternalIterator cursor = sources.get(0).iterator()) {
            int entries = 0;
            for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
                entries++;
            }
            assertThat(entries).isEqualTo(ENTRIES);
        }
    }

    private List<PhysicalFile> writeAll(int count) throws IOException {
        List<PhysicalFile> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(write(i));
        }
        return files;
    }

    private PhysicalFile write(int number) throws IOException {
        FileId id = new FileId(0, number);
        SstWriter writer = new SstWriter(memory.create(id.name()), id.name(), 128, 10, 0);
        for (int i = 0; i < ENTRIES; i++) {
            byte[] value = {(byte) (i >>> 8), (byte) i};
            writer.add(key(i), 0, 4, 1, ValueKind.PUT, value, 0, 2);
        }
        SstProperties properties = writer.finish();
        return store.registry.acquire(id, properties.fileBytes());
    }

    private static FileMeta meta(PhysicalFile file) {
        return new FileMeta(
                file.id(),
                new SstInfo(file.bytes(), 1, 1, ENTRIES, 0, 0, 0, null),
                KeyRange.of(key(0), null),
                false,
                -1,
                file);
    }

    private static int value(PhysicalFile file, int key) throws IOException {
        ValueBuffer into = new ValueBuffer();
        PointLookup lookup = new PointLookup();
        byte[] bytes = key(key);
        lookup.start(bytes, 0, 4, KeyHash.of(bytes, 0, 4), Long.MAX_VALUE, into);
        assertThat(file.reader().get(lookup, -1)).isTrue();
        byte[] value = into.toByteArray();
        return (value[0] & 0xFF) << 8 | value[1] & 0xFF;
    }

    private static byte[] key(int i) {
        return new byte[] {1, 2, (byte) (i >>> 8), (byte) i};
    }

    private byte[] bytes(String name) throws IOException {
        try (ReadableFile file = memory.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private void replace(String name, byte[] content) throws IOException {
        memory.delete(name);
        memory.putIfAbsent(name, content);
    }
}
