package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CacheFillTest {
    private static final int[] BLOCK_BYTES = {128, 512, 4096, 65536};
    private static final int[] BITS = {0, 10};

    /** Random files: what the cache has is what a read of the file would bring there, and the reader is that of the file. */
    @Test
    void theCacheHasWhatTheFileHas() {
        Seeds.run(getClass(), 60, seed -> {
            try {
                new CacheFillTest().run(new Random(seed));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void run(Random random) throws IOException {
        SstModel model = new RandomSst(random).model(1 + random.nextInt(random.nextBoolean() ? 20 : 2000));
        if (model.entries.isEmpty() && model.tombstones.isEmpty()) {
            return;
        }
        MemoryFileStore files = new MemoryFileStore();
        Encryption encryption = random.nextBoolean() ? Encryption.NONE : TestKeys.seeded(TestKeys.provider("k"), 1);
        Compression compression = Compression.values()[random.nextInt(Compression.values().length)];
        SlabPool pool = new SlabPool(new HeapSlabs(), random.nextInt(3) == 0 ? 256 << 10 : 64 << 20);
        BlockCache cache = new BlockCache(pool);
        CacheAdmission admission = random.nextInt(3) == 0 ? CacheAdmission.FREE : some(random);
        HeldMemory memory = random.nextBoolean() ? null : new HeldMemory(pool, SlabPool.Use.READ_AHEAD);

        SstWriter writer = new SstWriter(
                files.create("f"),
                "f",
                encryption.create("f"),
                memory,
                compression,
                BLOCK_BYTES[random.nextInt(BLOCK_BYTES.length)],
                BITS[random.nextInt(BITS.length)],
                1234);
        writer.fillCache(new CacheFill(cache, admission, memory));
        model.addTo(writer);
        SstProperties properties = writer.finish();
        assertThat(pool.used(SlabPool.Use.READ_AHEAD)).isZero();
        WrittenSst written = writer.takeWritten();
        writer.abandon(); // has no part in it any more
        if (written == null) {
            assertThat(cache.cachedBytes()).isZero();
        } else {
            try (ReadableFile file = files.open("f")) {
                SstReader reader = SstReader.of(written, file, "f", ValueFile.NONE, cache, pool);
                if (reader != null) {
                    compare(model, properties, reader, file, encryption);
                    reader.close();
                }
            }
        }
        assertThat(cache.cachedBytes()).isZero();
        cache.close();
        assertThat(pool.used()).isZero();
    }

    private static CacheAdmission some(Random random) {
        return new CacheAdmission() {
            @Override
            public Place data(int bytes) {
                return Place.values()[random.nextInt(3)];
            }

            @Override
            public Place tail(int bytes) {
                return Place.values()[random.nextInt(3)];
            }
        };
    }

    private static void compare(
            SstModel model, SstProperties properties, SstReader reader, ReadableFile file, Encryption encryption)
            throws IOException {
        try (SstFixture open = new SstFixture(file, "f", 64 << 20, encryption)) {
            assertThat(reader.properties())
                    .usingRecursiveComparison()
                    .isEqualTo(properties)
                    .isEqualTo(open.reader.properties());
            assertThat(reader.metadataBytes()).isEqualTo(open.reader.metadataBytes());
            assertThat(reader.tombstones().fragments())
                    .usingRecursiveComparison()
                    .isEqualTo(open.reader.tombstones().fragments());
            assertThat(reader.isEncrypted()).isEqualTo(open.reader.isEncrypted());
            assertThat(reader.blockSlots().size()).isEqualTo(reader.top().blocks());
            for (int i = 0; i < reader.top().blocks(); i++) {
                if (reader.blockSlots().isCached(i)) {
                    assertThat(cached(reader, i)).as("block %d", i).isEqualTo(fromFile(open.reader, i));
                }
            }
        }
        try (InternalIterator entries = reader.iterator(KeyRange.all(), -1)) {
            assertThat(SstRoundTripTest.forward(entries)).isEqualTo(model.entries);
        }
    }

    private static byte[] cached(SstReader reader, int ordinal) throws IOException {
        BlockSlots slots = reader.blockSlots();
        long misses = slots.misses();
        long pin = reader.blocks().pin(ordinal);
        try {
            byte[] bytes = new byte[slots.length(pin) - BlockTrailer.BYTES];
            slots.slab(pin).get(BlockSlots.offset(pin), bytes, 0, bytes.length);
            assertThat(slots.misses()).isEqualTo(misses);
            return bytes;
        } finally {
            slots.unpin(ordinal, pin);
        }
    }

    private static byte[] fromFile(SstReader reader, int ordinal) throws IOException {
        byte[] bytes = new byte[reader.blocks().length(ordinal)];
        reader.blocks().read(ordinal, new Slab(ByteBuffer.wrap(bytes)), 0);
        return Arrays.copyOf(bytes, bytes.length - BlockTrailer.BYTES);
    }

    @Test
    void anAbandonedFileLeavesNothing() throws IOException {
        SlabPool pool = new SlabPool(new HeapSlabs(), 8 << 20);
        BlockCache cache = new BlockCache(pool);
        for (boolean finished : new boolean[] {false, true}) {
            SstWriter writer = new SstWriter(new MemoryFileStore().create("f"), "f", 128, 10, 0);
            writer.fillCache(new CacheFill(cache, CacheAdmission.FREE, null));
            for (int i = 0; i < 1000; i++) {
                byte[] key = Entry.bytes(String.format("%05d", i));
                writer.add(key, 0, key.length, 1, ValueKind.PUT, key, 0, key.length);
            }
            if (finished) {
                writer.finish();
            }
            assertThat(cache.cachedBytes()).isGreaterThan(10_000);
            writer.abandon();
            writer.abandon();
            assertThat(cache.cachedBytes()).isZero();
        }
        cache.close();
        assertThat(pool.used()).isZero();
    }

    /** Places for blocks are counted; when the budget has no room for them, the rest of the blocks stays out. */
    @Test
    void thePlacesOfBlocksAreCounted() throws IOException {
        SlabPool pool = new SlabPool(new HeapSlabs(), 4 << 20);
        BlockCache cache = new BlockCache(pool);
        HeldMemory memory = new HeldMemory(pool, SlabPool.Use.READ_AHEAD);
        CacheAdmission none = new CacheAdmission() {
            private int blocks;

            @Override
            public Place data(int bytes) {
                return ++blocks % 1000 == 0 ? Place.FREE : Place.NONE;
            }

            @Override
            public Place tail(int bytes) {
                return Place.NONE;
            }
        };
        CacheFill fill = new CacheFill(cache, none, memory);
        byte[] content = new byte[100];
        for (int i = 0; i < 8 << 10; i++) {
            fill.data(content, 0, content.length);
        }
        assertThat(pool.used(SlabPool.Use.READ_AHEAD)).isZero();
        for (int i = 0; i < 1000; i++) {
            fill.data(content, 0, content.length);
        }
        assertThat(pool.used(SlabPool.Use.READ_AHEAD)).isBetween(8L * (8 << 10), 8L * (32 << 10));
        for (int i = 0; i < 100_000; i++) {
            fill.data(content, 0, content.length);
        }
        assertThat(pool.used(SlabPool.Use.READ_AHEAD)).isLessThanOrEqualTo(pool.budget() / 16);
        BlockSlots slots = fill.finish();
        assertThat(pool.used(SlabPool.Use.READ_AHEAD)).isZero();
        assertThat(slots.size()).isEqualTo((8 << 10) + 101_000);
        assertThat(slots.isCached(8_999)).isTrue();
        assertThat(slots.isCached(98_999)).isFalse();
        slots.evictAll();
        cache.close();
        assertThat(pool.used()).isZero();
    }
}
