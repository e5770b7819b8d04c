package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies behind the data blocks, how it is read at the open, and the memory in which it waits while a file is written. */
class SstTailTest {
    private static final Encryption KEYS = Encryption.of(TestKeys.provider("k"), false);
    private static final int BUDGET = 1 << 20;

    private final MemoryFileStore files = new MemoryFileStore();
    private final SlabPool pool = new SlabPool(new HeapSlabs(), BUDGET);

    @AfterEach
    void nothingIsHeld() {
        assertThat(pool.used()).isZero();
    }

    /** Partitions with separators and range deletes that take more than the bytes which are read first without a hint. */
    private static SstModel large() {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            entries.add(Entry.of(String.format("a rather long key number %06d", i), 5, ValueKind.PUT, "value"));
        }
        List<Fragment> deletes = new ArrayList<>();
        for (int i = 0; i < 900; i++) {
            deletes.add(Entry.fragment(String.format("x%06d", 2 * i), String.format("x%06d", 2 * i + 1), 7));
        }
        return new SstModel(entries, deletes);
    }

    private SstMetadata load(CountingFile file, Encryption encryption, long openBytes) throws IOException {
        return SstMetadata.load(file, "f", encryption, null, openBytes);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void partsFollowEachOther(boolean encrypted) throws IOException {
        Encryption encryption = encrypted ? KEYS : Encryption.NONE;
        SstProperties properties = large().write(files, "f", encryption, 128, 10);
        try (CountingFile file = new CountingFile(files.open("f"))) {
            SstMetadata metadata = load(file, encryption, SstMetadata.UNKNOWN);
            TopIndex top = metadata.top();
            assertThat(top.partitions()).isGreaterThan(1);
            long data = 0;
            long filters = properties.tailOffset();
            long indexes = filters + properties.tailSizes().filterBytes();
            for (int i = 0; i < top.partitions(); i++) {
                assertThat(top.dataOffset(i)).isEqualTo(data);
                assertThat(top.filterOffset(top.filterOrdinal(i, 0))).isEqualTo(filters);
                assertThat(top.indexOffset(i)).isEqualTo(indexes);
                data += top.dataBytes(i);
                filters += SstFormat.filterBytes(top.filterLines(i), SstFormat.overhead(metadata.cipher()));
                indexes += top.indexBytes(i);
            }
            assertThat(data).isEqualTo(properties.tailOffset());
            assertThat(metadata.tailSizes()).isEqualTo(properties.tailSizes());
            assertThat(metadata.properties()).usingRecursiveComparison().isEqualTo(properties);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneReadOpensAFileOfWhichTheTailIsKnown(boolean encrypted) throws IOException {
        Encryption encryption = encrypted ? KEYS : Encryption.NONE;
        SstProperties properties = large().write(files, "f", encryption, 128, 10);
        long openBytes = properties.tailSizes().openBytes(properties.fileBytes(), properties.tailOffset());
        assertThat(openBytes).isBetween(9L << 10, 64L << 10);
        try (CountingFile file = new CountingFile(files.open("f"))) {
            load(file, encryption, openBytes);
            assertThat(file.reads).isEqualTo(1);
            assertThat(file.bytes).isEqualTo(openBytes);
        }
        try (CountingFile file = new CountingFile(files.open("f"))) {
            load(file, encryption, SstMetadata.UNKNOWN);
            assertThat(file.reads).isEqualTo(2);
            assertThat(file.bytes).isEqualTo(openBytes);
        }
    }

    /** It comes from another file, so it costs a read when it is wrong, and nothing else. */
    @ParameterizedTest
    @ValueSource(longs = {-2, 0, 1, 47, 48, 600, 9_000, 100_000, 1 << 20, (1 << 20) + 1, 1L << 40, Long.MAX_VALUE})
    void aWrongHintDoesNoHarm(long openBytes) throws IOException {
        for (Encryption encryption : List.of(Encryption.NONE, KEYS)) {
            String name = encryption.isOn() ? "e" : "f";
            SstProperties properties = large().write(files, name, encryption, 128, 10);
            try (CountingFile file = new CountingFile(files.open(name))) {
                SstMetadata metadata = SstMetadata.load(file, name, encryption, null, openBytes);
                assertThat(metadata.properties()).usingRecursiveComparison().isEqualTo(properties);
                assertThat(file.reads).isBetween(1, 2);
                assertThat(file.bytes).isLessThanOrEqualTo(properties.fileBytes());
            }
        }
    }

    @Test
    void whatIsHeldBackIsCountedUntilTheFileEnds() throws IOException {
        for (boolean finishes : new boolean[] {true, false}) {
            SstWriter writer = writer("f" + finishes);
            for (int i = 0; i < 300_000; i++) {
                add(writer, i);
            }
            assertThat(pool.used(SlabPool.Use.METADATA)).isBetween(300_000L, (long) BUDGET);
            assertThat(writer.isShortOfMemory()).isFalse();
            if (finishes) {
                long estimate = writer.estimatedBytes();
                long bytes = writer.finish().fileBytes();
                assertThat(estimate).isBetween(bytes * 95 / 100, bytes * 105 / 100);
            } else {
                writer.abandon();
            }
            assertThat(pool.used()).isZero();
            writer.abandon();
        }
    }

    @Test
    void aWriterWithoutMemoryGoesOnAndSaysSo() throws IOException {
        SstWriter writer = writer("f");
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE_HEAP, BUDGET)).isTrue();
        int entries = 0;
        for (; !writer.isShortOfMemory(); entries++) {
            add(writer, entries);
        }
        // So much is not counted that no file is tiny.
        assertThat(writer.estimatedBytes()).isGreaterThan(256 << 10);
        for (int more = 0; more < 100_000; more++) {
            add(writer, entries++);
        }
        assertThat(pool.used(SlabPool.Use.METADATA)).isZero();
        writer.finish();
        pool.unreserve(SlabPool.Use.MEMTABLE_HEAP, BUDGET);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 8 << 20);
                InternalIterator iterator = open.reader.iterator(KeyRange.all(), -1)) {
            int found = 0;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                assertThat(ByteBuffer.wrap(iterator.key()).getInt()).isEqualTo(found++);
            }
            assertThat(found).isEqualTo(entries);
        }
    }

    private SstWriter writer(String name) throws IOException {
        HeldMemory memory = new HeldMemory(pool, SlabPool.Use.METADATA);
        return new SstWriter(files.create(name), name, null, memory, Compression.NONE, 4096, 10, 0);
    }

    private static void add(SstWriter writer, int key) throws IOException {
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(key).array();
        writer.add(bytes, 0, bytes.length, 1, ValueKind.PUT, bytes, 0, 1);
    }

    /** Counts reads and their bytes. */
    private static final class CountingFile implements ReadableFile {
        private final ReadableFile file;
        int reads;
        long bytes;

        CountingFile(ReadableFile file) {
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            reads++;
            bytes += into.remaining();
            file.read(position, into);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
