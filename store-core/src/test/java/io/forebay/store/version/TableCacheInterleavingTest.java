package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.SstReader;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HandleCountingFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Interleavings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Files are read while their readers are evicted, taken out for good and made again, with room for one reader and one open file:
 * each read has the right value, a file that was let go is closed and deleted once, and what is counted is what there is.
 */
public class TableCacheInterleavingTest {
    private static final byte[] KEY = {1, 2};
    private static final long HASH = KeyHash.of(KEY, 0, KEY.length);
    private static final int FILES = 2;
    private static final byte[][] SSTS = new byte[FILES][];
    private static final long READER_BYTES;

    static {
        try {
            for (int i = 0; i < FILES; i++) {
                SSTS[i] = sst(i);
            }
            SlabPool pool = new SlabPool(new HeapSlabs(), 1 << 20);
            try (SstReader reader =
                    SstReader.open(new ByteArrayFile(SSTS[0]), id(0).name(), new BlockCache(pool), pool)) {
                READER_BYTES = reader.metadataBytes();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Room for one reader, and a little. Blocks have none: they are read to the heap. */
    private final SlabPool pool = new SlabPool(new HeapSlabs(), READER_BYTES * 3 / 2);

    private final TableCache tables = new TableCache(new BlockCache(pool), pool, 1, MappedFiles.none());
    private final HandleCountingFileStore.Counts handles = new HandleCountingFileStore.Counts();
    private final AtomicInteger deletions = new AtomicInteger();
    private final FileRegistry registry =
            new FileRegistry(new HandleCountingFileStore(new Disk(), handles), tables, new Deletions());
    private final Holder[] holders = new Holder[FILES];

    public TableCacheInterleavingTest() {
        for (int i = 0; i < FILES; i++) {
            holders[i] = new Holder(registry.acquire(id(i), SSTS[i].length));
        }
    }

    /** @return the number of the file, which is its value; -1 when it was let go before */
    @Operation
    public int read(@Param(gen = IntGen.class, conf = "0:1") int number) {
        PhysicalFile file = holders[number].acquire();
        if (file == null) {
            return -1;
        }
        try {
            PointLookup lookup = new PointLookup();
            ValueBuffer into = new ValueBuffer();
            lookup.start(KEY, 0, KEY.length, HASH, Long.MAX_VALUE, into);
            return file.reader().get(lookup, -1) ? into.toByteArray()[0] : -2;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            file.release();
        }
    }

    @Operation
    public void letGo(@Param(gen = IntGen.class, conf = "0:1") int number) {
        holders[number].letGo();
    }

    @Operation
    public void evict() {
        tables.evict(1);
    }

    /** A memtable takes memory from the readers; whether it gets some depends on who else does. */
    @Operation
    public void squeeze() {
        if (pool.tryReserve(Use.MEMTABLE, READER_BYTES)) {
            pool.unreserve(Use.MEMTABLE, READER_BYTES);
        }
    }

    @Operation
    public boolean isWithinLimits() {
        return pool.used() <= pool.budget() && tables.size() <= 1;
    }

    @Validate
    public void whatIsCountedIsThere() {
        int readers = 0;
        int gone = 0;
        for (Holder holder : holders) {
            TableCache.Entry entry = holder.file.entry();
            readers += entry == null ? 0 : 1;
            if (holder.isGone) {
                gone++;
                require(entry == null, "a file that was let go has a reader");
                require(!registry.isLive(holder.file.id()), "a file that was let go is live");
            }
        }
        require(tables.size() == readers, "the ring has " + tables.size() + " readers, files have " + readers);
        require(pool.used(Use.SST_READER) == readers * READER_BYTES, "bytes of readers: " + pool.used(Use.SST_READER));
        require(pool.used() == pool.used(Use.SST_READER), "bytes of others");
        require(deletions.get() == gone, deletions + " deletions of " + gone + " files");
        require(tables.openFiles() == handles.open() && handles.open() <= 1, handles.open() + " handles");
        require(gone < FILES || handles.open() == 0, "a handle is left");
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    @Test
    void everyOrder() {
        Interleavings.check(
                TableCacheInterleavingTest.class, Specification.class, 2, 300, TableCacheInterleavingTest::isLeaf);
    }

    /** What reads the bytes of a file, and has no locks. */
    private static boolean isLeaf(String name) {
        return name.startsWith("io.forebay.store.sst.") && !name.endsWith(".SstReader") && !name.endsWith(".SstBlocks")
                || name.startsWith("io.forebay.store.util.")
                || name.startsWith("io.forebay.store.key.")
                || name.startsWith("io.forebay.store.compress.")
                || name.startsWith("io.forebay.store.rangedel.")
                || name.startsWith("io.forebay.store.crypto.")
                || name.endsWith(".ByteArrayFile");
    }

    private static FileId id(int number) {
        return new FileId(0, number + 1L);
    }

    private static byte[] sst(int number) throws IOException {
        MemoryFileStore memory = new MemoryFileStore();
        String name = id(number).name();
        SstWriter writer = new SstWriter(memory.create(name), name, 512, 0, 0);
        writer.add(KEY, 0, KEY.length, 1, ValueKind.PUT, new byte[] {(byte) number}, 0, 1);
        writer.finish();
        try (ReadableFile file = memory.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    /** Stands for the versions that refer to a file. */
    private static final class Holder {
        final PhysicalFile file;
        private boolean isGone;

        Holder(PhysicalFile file) {
            this.file = file;
        }

        synchronized PhysicalFile acquire() {
            if (isGone) {
                return null;
            }
            file.retain();
            return file;
        }

        void letGo() {
            synchronized (this) {
                if (isGone) {
                    return;
                }
                isGone = true;
            }
            file.release();
        }
    }

    /** The files that do not change. */
    private static final class Disk extends ForwardingFileStore {
        Disk() {
            super(new MemoryFileStore());
        }

        @Override
        public ReadableFile open(String name) {
            for (int i = 0; i < FILES; i++) {
                if (name.equals(id(i).name())) {
                    return new ByteArrayFile(SSTS[i]);
                }
            }
            throw new AssertionError(name);
        }
    }

    private final class Deletions implements BackgroundExecutor {
        @Override
        public void execute(Kind kind, Runnable work) {
            deletions.incrementAndGet();
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            throw new IllegalStateException("no timer is expected");
        }

        @Override
        public boolean help() {
            return false;
        }

        @Override
        public void close() {}
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        private final boolean[] gone = new boolean[FILES];

        public int read(int number) {
            return gone[number] ? -1 : number;
        }

        public void letGo(int number) {
            gone[number] = true;
        }

        public void evict() {}

        public void squeeze() {}

        public boolean isWithinLimits() {
            return true;
        }
    }
}
