package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyRange;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is written is read, in every way there is to read it. */
class SstRoundTripTest {
    private static final int[] BLOCK_BYTES = {128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};
    private static final int[] BITS = {0, 1, 10, 20, 32};
    private static final long TINY_BUDGET = 640 << 10;

    @Test
    void readsWhatWasWritten() {
        Seeds.run(getClass(), 5, seed -> {
            Random random = new Random(seed);
            for (int blockBytes : BLOCK_BYTES) {
                try {
                    check(random, blockBytes);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        });
    }

    private static void check(Random random, int blockBytes) throws IOException {
        RandomSst shape = new RandomSst(random);
        SstModel model = shape.model(random.nextInt(4) == 0 ? 1 + random.nextInt(5) : random.nextInt(600));
        if (model.entries.isEmpty() && model.tombstones.isEmpty()) {
            return;
        }
        MemoryFileStore files = new MemoryFileStore();
        Encryption encryption = random.nextInt(3) > 0 ? Encryption.NONE : TestKeys.seeded(TestKeys.provider("k"), 1);
        Compression compression = Compression.values()[random.nextInt(Compression.values().length)];
        SstProperties written =
                model.write(files, "f", encryption, compression, blockBytes, BITS[random.nextInt(BITS.length)]);
        long budget = 256 << 20;
        try (SstFixture open = new SstFixture(files.open("f"), "f", budget, encryption)) {
            budget = random.nextBoolean() ? TINY_BUDGET + open.reader.metadataBytes() : budget;
        }
        try (SstFixture open = new SstFixture(files.open("f"), "f", budget, encryption)) {
            SstReader reader = open.reader;
            checkProperties(model, written, reader);
            for (int i = 0; i < 4; i++) {
                KeyRange visible = i == 0 ? KeyRange.all() : shape.range();
                long override = random.nextInt(4) == 0 ? random.nextInt(100) : -1;
                List<Entry> expected = model.visible(visible, override);
                boolean cached = random.nextBoolean();
                try (InternalIterator iterator =
                        cached ? reader.iterator(visible, override) : reader.scanIterator(visible, override)) {
                    assertThat(forward(iterator)).isEqualTo(expected);
                    List<Entry> backward = new ArrayList<>(expected);
                    Collections.reverse(backward);
                    assertThat(backward(iterator)).isEqualTo(backward);
                    walk(random, shape, iterator, expected);
                }
            }
            lookUp(random, shape, model, reader);
        }
    }

    private static void checkProperties(SstModel model, SstProperties written, SstReader reader) {
        SstProperties read = reader.properties();
        assertThat(read).usingRecursiveComparison().isEqualTo(written);
        assertThat(read.entries()).isEqualTo(model.entries.size());
        for (Entry entry : model.entries) {
            assertThat(read.range().contains(entry.key())).isTrue();
        }
        Fragmenter fragmenter = new Fragmenter();
        model.tombstones.forEach(fragmenter::add);
        assertThat(reader.tombstones().fragments())
                .usingRecursiveComparison()
                .isEqualTo(fragmenter.finish().fragments());
    }

    static List<Entry> forward(InternalIterator iterator) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
            entries.add(Entry.current(iterator));
        }
        return entries;
    }

    private static List<Entry> backward(InternalIterator iterator) throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
            entries.add(Entry.current(iterator));
        }
        return entries;
    }

    /** Random seeks and short walks from where they lead. */
    private static void walk(Random random, RandomSst shape, InternalIterator iterator, List<Entry> expected)
            throws IOException {
        for (int i = 0; i < 60; i++) {
            byte[] target = shape.near(
                    expected.isEmpty() || random.nextInt(4) == 0
                            ? shape.key()
                            : expected.get(random.nextInt(expected.size())).key());
            byte[] padded = Arrays.copyOf(target, target.length + 3);
            int at = 0;
            while (at < expected.size()
                    && Arrays.compareUnsigned(expected.get(at).key(), target) < 0) {
                at++;
            }
            if (random.nextBoolean()) {
                iterator.seek(padded, 0, target.length);
            } else {
                iterator.seekBefore(padded, 0, target.length);
                at--;
            }
            expect(iterator, expected, at);
            for (int step = random.nextInt(6); step > 0 && iterator.isValid(); step--) {
                if (random.nextBoolean()) {
                    iterator.next();
                    at++;
                } else {
                    iterator.prev();
                    at--;
                }
                expect(iterator, expected, at);
            }
        }
    }

    private static void expect(InternalIterator iterator, List<Entry> expected, int at) throws IOException {
        boolean valid = at >= 0 && at < expected.size();
        assertThat(iterator.isValid()).isEqualTo(valid);
        if (valid) {
            assertThat(Entry.current(iterator)).isEqualTo(expected.get(at));
            assertThat(iterator.head()).isEqualTo(Slab.head(iterator.key(), 0, iterator.keyLength()));
        }
    }

    private static void lookUp(Random random, RandomSst shape, SstModel model, SstReader reader) throws IOException {
        for (int i = 0; i < 150; i++) {
            Entry entry = model.entries.isEmpty() ? null : model.entries.get(random.nextInt(model.entries.size()));
            byte[] key = entry == null || random.nextInt(4) == 0 ? shape.near(shape.key()) : entry.key();
            long limit = entry == null || random.nextInt(3) == 0
                    ? SstModel.NO_LIMIT
                    : Math.max(0, entry.sequence() + random.nextInt(3) - 1);
            long override = random.nextInt(5) == 0 ? random.nextInt(1000) : -1;
            assertThat(SstModel.Answer.of(reader, key, limit, override))
                    .as(() -> "get of " + new Entry(key, limit, (byte) 0, new byte[0]))
                    .isEqualTo(model.get(key, limit, override));
        }
    }
}
