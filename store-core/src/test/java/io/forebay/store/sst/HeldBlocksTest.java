package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.CacheAdmission.Place;
import io.forebay.store.sst.block.BlockBuilder;
import io.forebay.store.sst.block.BlockTrailer;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeldBlocksTest {
    private static final int BUDGET = 1 << 20;

    /** Against a list: blocks of all sizes, also longer than a chunk, come back in order, each at its place. */
    @Test
    void blocksComeBackInOrder() {
        Seeds.run(getClass(), 40, seed -> {
            try {
                run(new Random(seed));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static void run(Random random) throws IOException {
        SlabPool pool = new SlabPool(new HeapSlabs(), BUDGET);
        HeldBlocks held = new HeldBlocks(random.nextInt(4) == 0 ? null : new HeldMemory(pool, SlabPool.Use.METADATA));
        int taken = random.nextBoolean() ? 0 : random.nextInt(BUDGET);
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE_HEAP, taken)).isTrue();
        List<byte[]> model = new ArrayList<>();
        int most = random.nextBoolean() ? 600 : 20_000;
        for (int i = random.nextInt(300); i > 0; i--) {
            model.add(random.nextInt(3) == 0 ? addEntry(held, random) : addWords(held, random, most));
        }
        long content = model.stream().mapToLong(block -> block.length).sum();
        assertThat(held.fileBytes(7)).isEqualTo(content + 7L * model.size());
        assertThat(pool.used(SlabPool.Use.METADATA)).isLessThanOrEqualTo(BUDGET - taken);

        MemoryFileStore files = new MemoryFileStore();
        try (WritableFile file = files.create("f")) {
            BlockOutput output = new BlockOutput(file, null, null);
            held.writeTo(output);
            output.flush();
            file.sync();
        }
        held.close();
        held.close();
        pool.unreserve(SlabPool.Use.MEMTABLE_HEAP, taken);
        assertThat(pool.used()).isZero();
        compare(model, files);
    }

    @Test
    void whatFoundNoRoomIsCountedOnceThereIsSome() {
        SlabPool pool = new SlabPool(new HeapSlabs(), BUDGET);
        HeldBlocks held = new HeldBlocks(new HeldMemory(pool, SlabPool.Use.METADATA));
        assertThat(pool.tryReserve(SlabPool.Use.MEMTABLE_HEAP, BUDGET)).isTrue();
        long[] words = new long[8 << 10]; // a chunk
        for (int i = 0; i < 4; i++) {
            held.add(words, 0, words.length, Place.NONE);
        }
        assertThat(held.isRefused()).isTrue();
        assertThat(pool.used(SlabPool.Use.METADATA)).isZero();

        pool.unreserve(SlabPool.Use.MEMTABLE_HEAP, BUDGET);
        held.add(words, 0, words.length, Place.NONE);
        assertThat(held.isRefused()).isFalse();
        // the first chunk is not counted
        assertThat(pool.used(SlabPool.Use.METADATA)).isEqualTo(4L * (64 << 10));
        held.close();
        assertThat(pool.used()).isZero();
    }

    private static byte[] addEntry(HeldBlocks held, Random random) {
        byte[] key = new byte[1 + random.nextInt(1000)];
        random.nextBytes(key);
        held.add(entry(key), Place.NONE);
        BlockBuilder same = entry(key);
        byte[] bytes = new byte[same.size() + BlockBuilder.SLACK];
        return Arrays.copyOf(bytes, same.finish(bytes, 0));
    }

    private static BlockBuilder entry(byte[] key) {
        BlockBuilder block = new BlockBuilder(4096);
        block.add(key, 0, key.length, 0, 1, ValueKind.DELETE, 0);
        return block;
    }

    private static byte[] addWords(HeldBlocks held, Random random, int most) {
        long[] words = random.longs(8L + random.nextInt(most)).toArray();
        int from = random.nextInt(8);
        held.add(words, from, words.length, Place.NONE);
        ByteBuffer bytes = ByteBuffer.allocate((words.length - from) * Long.BYTES);
        bytes.asLongBuffer().put(words, from, words.length - from);
        return bytes.array();
    }

    private static void compare(List<byte[]> model, MemoryFileStore files) throws IOException {
        try (ReadableFile file = files.open("f")) {
            long offset = 0;
            for (byte[] block : model) {
                byte[] found = new byte[block.length + BlockTrailer.BYTES];
                file.read(offset, ByteBuffer.wrap(found));
                BlockTrailer.verify(new Slab(ByteBuffer.wrap(found)), 0, found.length, "f", offset);
                assertThat(Arrays.copyOf(found, block.length)).isEqualTo(block);
                offset += found.length;
            }
            assertThat(file.size()).isEqualTo(offset);
        }
    }
}
