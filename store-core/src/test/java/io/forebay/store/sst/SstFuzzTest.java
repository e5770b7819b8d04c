package io.forebay.store.sst;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.ByteArrayFile;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Whole SSTs, as they are and behind their checksums: opened, scanned both ways, clipped, and asked for keys. */
class SstFuzzTest extends FuzzTests {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final String NAME = "fuzzed.sst";
    private static final long BUDGET = 8 << 20;
    private static final String[] GOLDEN = {
        "sst-v2-smallest", "sst-v2-all-parts", "sst-v2-range-deletes", "sst-v2-lz4", "sst-v2-zstd", "sst-v2-references"
    };
    private static final int LONGEST_VALUE = 1 << 10;
    /** One file, which has a short value wherever it is asked for one. */
    private static final ValueFile[] VALUES = {
        new ValueFile() {
            @Override
            public void read(long offset, int length, ValueBuffer into) {
                require(offset > 0 && length > 0, "a place of a value");
                if (length > LONGEST_VALUE) {
                    throw new CorruptionException("values", offset, "a value", "none of " + length + " bytes");
                }
                into.reset(length);
            }

            @Override
            public ValueShare share(long bytes) {
                throw new AssertionError("nobody asks a reader");
            }

            @Override
            public long storedBytes(int length) {
                return length;
            }

            @Override
            public long valuesEnd() {
                return Long.MAX_VALUE;
            }

            @Override
            public void readStored(long offset, int length, Slab into, int at) {
                require(offset >= 0 && length > 0, "a part of a file");
            }

            @Override
            public void take(long offset, int length, Slab stored, int at, byte[] into, int intoAt) {
                take(offset, length, stored, at, new ValueBuffer());
            }

            @Override
            public void take(long offset, int length, Slab stored, int at, ValueBuffer into) {
                require(at >= 0 && at + length <= stored.capacity(), "a value in what was read");
                read(offset, length, into);
            }
        }
    };
    /** A block may be so much smaller than its content; see {@link io.forebay.store.compress.Codecs}. */
    private static final int MOST_CONTENT = 32 << 10;
    /** Steps, each of which reads the same damaged blocks again. */
    private static final int STEPS = 15;
    /** Looks for entries of one step; none of them reads a block twice. */
    private static final int LOOKS = 4;

    private static final FuzzTarget SST =
            FuzzTarget.of("sst", SstFuzzTest::readAll).golden(GOLDEN).allocates(4 << 20, 256);

    private static final FuzzTarget SST_BEHIND_CHECKSUMS = FuzzTarget.of(
                    "sstBehindChecksums", SstFuzzTest::readAllBehindChecksums)
            .golden(GOLDEN)
            .allocates(4 << 20, (long) STEPS * LOOKS * MOST_CONTENT);

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void sst(byte[] input) {
        SST.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void sstBehindChecksums(byte[] input) {
        SST_BEHIND_CHECKSUMS.accept(input);
    }

    private static void readAllBehindChecksums(byte[] input) throws IOException {
        Checksums.repair(input);
        readAll(input);
    }

    private static void readAll(byte[] input) throws IOException {
        SlabPool pool = new SlabPool(new HeapSlabs(), BUDGET);
        try (BlockCache cache = new BlockCache(pool)) {
            readAll(input, cache, pool);
        }
        require(pool.used() == 0, "no memory is held after a refusal or a close");
    }

    private static void readAll(byte[] input, BlockCache cache, SlabPool pool) throws IOException {
        CorruptionException first = null;
        try (SstReader reader = SstReader.open(
                new ByteArrayFile(input), NAME, VALUES, cache, pool, Encryption.NONE, null, SstMetadata.UNKNOWN)) {
            KeyRange range = reader.properties().range();
            byte[] middle = input.length > 60 ? Arrays.copyOfRange(input, 40, 44) : new byte[] {'k'};
            List<Step> steps = new ArrayList<>(List.of(
                    () -> forward(reader.iterator(KeyRange.all(), -1), input.length),
                    () -> backward(reader.iterator(KeyRange.all(), -1), input.length),
                    () -> forward(reader.scanIterator(KeyRange.all(), -1), input.length),
                    () -> backward(reader.scanIterator(KeyRange.of(middle, null), 7), input.length),
                    () -> forward(
                            reader.iterator(range.intersect(KeyRange.of(new byte[0], middle)), 7), input.length)));
            for (byte[] key : new byte[][] {{}, middle, range.from(), {'k', 'e', 'y', '/', 'c'}, {(byte) 0xFF}}) {
                steps.add(() -> lookUp(reader, key));
                steps.add(() -> seek(reader, key));
            }
            require(steps.size() == STEPS, "as many steps as are allowed for");
            for (Step step : steps) {
                first = first(first, step, input.length);
            }
            reader.tombstones(KeyRange.of(middle, null), 9);
        }
        if (first != null) {
            throw first;
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Damage ends the step that met it, and no other. Each by itself keeps to what the blocks may hold. */
    private static CorruptionException first(CorruptionException before, Step step, int bytes) throws IOException {
        long allowed = (4 << 20) + (long) LOOKS * MOST_CONTENT * bytes;
        long start = THREADS.getCurrentThreadAllocatedBytes();
        CorruptionException found = run(step);
        // What a first run takes to load classes, a second one does not.
        if (THREADS.getCurrentThreadAllocatedBytes() - start > allowed) {
            start = THREADS.getCurrentThreadAllocatedBytes();
            run(step);
            require(THREADS.getCurrentThreadAllocatedBytes() - start <= allowed, "memory in proportion");
        }
        return before != null ? before : found;
    }

    /** @return the damage that it met, or null */
    private static CorruptionException run(Step step) throws IOException {
        try {
            step.run();
            return null;
        } catch (CorruptionException e) {
            return e;
        }
    }

    private static void forward(InternalIterator iterator, int bytes) throws IOException {
        int entries = 0;
        try (iterator) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                touch(iterator, ++entries, bytes);
            }
        }
    }

    private static void backward(InternalIterator iterator, int bytes) throws IOException {
        int entries = 0;
        try (iterator) {
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                touch(iterator, ++entries, bytes);
            }
        }
    }

    private static void touch(InternalIterator iterator, int entries, int bytes) throws IOException {
        require(entries <= bytes, "no more entries than bytes");
        require(iterator.keyLength() >= 0 && iterator.keyLength() <= bytes, "a key of the file");
        if (iterator.valueLength() > 0 && iterator.valueSlab() != null) {
            // Out of bounds would throw.
            iterator.valueSlab().getByte(iterator.valueOffset() + iterator.valueLength() - 1);
        } else if (iterator.valueLength() > 0) {
            require(iterator.kind() == ValueKind.PUT, "the value of a reference");
            iterator.copyValue(new ValueBuffer());
        }
    }

    private static void lookUp(SstReader reader, byte[] key) throws IOException {
        PointLookup lookup = new PointLookup();
        lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), 1L << 40, new ValueBuffer());
        reader.get(lookup, -1);
    }

    private static void seek(SstReader reader, byte[] key) throws IOException {
        try (InternalIterator iterator = reader.iterator(KeyRange.all(), -1)) {
            iterator.seek(key, 0, key.length);
            if (iterator.isValid()) {
                iterator.prev();
            }
            iterator.seekBefore(key, 0, key.length);
            if (iterator.isValid()) {
                iterator.next();
            }
        }
    }
}
