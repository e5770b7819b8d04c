package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.ValueBuffer;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Seeded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Cursors on rows that are longer than what a cursor may copy: they keep nothing of them, and read the value again. */
class LongRowsTest {
    private static final int BUDGET = 4 << 20;
    private static final int BLOCK_BYTES = 4096;
    /** The cache has no room for a block of that length. */
    private static final int LONGEST = BUDGET / 8 + 10_000;

    @Test
    void cursorsShowTheRightRowsWhateverTheyKeep() {
        Seeded.run(LongRowsTest.class, 4, random -> {
            List<Entry> entries = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                for (int version = 1 + random.nextInt(3); version > 0; version--) {
                    entries.add(entry(random, i, version));
                }
            }
            SstModel model = new SstModel(entries, List.of());
            Encryption encryption =
                    random.nextBoolean() ? Encryption.NONE : TestKeys.seeded(TestKeys.provider("k"), random.nextLong());
            Compression compression = random.nextBoolean() ? Compression.NONE : Compression.LZ4;
            MemoryFileStore files = new MemoryFileStore();
            model.write(files, "f", encryption, compression, BLOCK_BYTES, 10);
            List<Walker> walkers = new ArrayList<>();
            try (SstFixture open = new SstFixture(files.open("f"), "f", BUDGET, encryption)) {
                for (int i = 0; i < 20; i++) {
                    walkers.add(new Walker(open.reader, model, random));
                }
                for (int step = 0; step < 600; step++) {
                    walkers.get(random.nextInt(walkers.size())).step(random);
                }
                walkers.forEach(walker -> walker.cursor.close());
                assertThat(open.cache.pinnedBlocks()).isZero();
            }
        });
    }

    private static Entry entry(Random random, int number, int sequence) {
        int[] lengths = {0, 20, 3_000, (64 << 10) - 200 + random.nextInt(400), 300_000, LONGEST};
        byte[] value = new byte[lengths[random.nextInt(lengths.length)]];
        random.nextBytes(value);
        Arrays.fill(value, 0, value.length / 2, (byte) number);
        return new Entry(key(number), sequence, ValueKind.PUT, value);
    }

    /** A cursor over a part of the file, beside a list of what it must show. */
    private static final class Walker {
        final InternalIterator cursor;
        private final List<Entry> visible;
        private int at = -1;

        Walker(SstReader reader, SstModel model, Random random) {
            int from = random.nextInt(4) == 0 ? random.nextInt(30) : 0;
            KeyRange range =
                    random.nextInt(4) == 0 ? KeyRange.of(key(from), key(from + 10)) : KeyRange.of(key(from), null);
            long override = random.nextBoolean() ? -1 : 77;
            cursor = reader.iterator(range, override);
            visible = model.visible(range, override);
        }

        void step(Random random) throws IOException {
            byte[] target = key(random.nextInt(42));
            int move = at < 0 || at == visible.size() ? random.nextInt(4) : random.nextInt(12);
            switch (move) {
                case 0 -> {
                    cursor.seekToFirst();
                    at = 0;
                }
                case 1 -> {
                    cursor.seekToLast();
                    at = visible.size() - 1;
                }
                case 2 -> {
                    cursor.seek(target, 0, target.length);
                    at = lowerBound(target);
                }
                case 3 -> {
                    cursor.seekBefore(target, 0, target.length);
                    at = lowerBound(target) - 1;
                }
                case 4, 5, 6 -> {
                    cursor.next();
                    at++;
                }
                case 7, 8, 9 -> {
                    cursor.prev();
                    at--;
                }
                default -> {
                    // It stands still, and shows the same again.
                }
            }
            assertThat(cursor.isValid()).isEqualTo(at >= 0 && at < visible.size());
            if (cursor.isValid()) {
                check(random);
            }
        }

        private void check(Random random) throws IOException {
            Entry expected = visible.get(at);
            assertThat(cursor.copyKey()).isEqualTo(expected.key());
            assertThat(cursor.sequence()).isEqualTo(expected.sequence());
            assertThat(cursor.valueLength()).isEqualTo(expected.value().length);
            if (at > 0 && Arrays.equals(visible.get(at - 1).key(), expected.key())) {
                assertThat(cursor.mayHaveNewer()).isTrue();
            }
            if (random.nextBoolean()) {
                assertThat(Entry.current(cursor)).isEqualTo(expected);
            }
            if (random.nextBoolean()) {
                ValueBuffer into = new ValueBuffer(random.nextInt(100));
                cursor.copyValue(into);
                assertThat(into.toByteArray()).isEqualTo(expected.value());
            }
        }

        private int lowerBound(byte[] target) {
            int index = 0;
            while (index < visible.size()
                    && Arrays.compareUnsigned(visible.get(index).key(), target) < 0) {
                index++;
            }
            return index;
        }
    }

    /** Each on another row; all but a few could be evicted. */
    @Test
    void rowsThatMustNotStayAreNotPinned() throws IOException {
        List<Entry> rows = rows(30, 200_000);
        UnreliableFile file = new UnreliableFile(new SstModel(rows, List.of()).bytes(BLOCK_BYTES, 10));
        List<InternalIterator> cursors = new ArrayList<>();
        try (SstFixture open = new SstFixture(file, "f", BUDGET)) {
            for (Entry row : rows) {
                InternalIterator cursor = open.reader.iterator(KeyRange.all(), -1);
                cursor.seek(row.key(), 0, row.key().length);
                cursors.add(cursor);
            }
            assertThat(open.cache.pinnedBlocks()).isBetween(1, BUDGET / 8 / 200_000);
            for (int i = 0; i < rows.size(); i++) {
                assertThat(Entry.current(cursors.get(i))).isEqualTo(rows.get(i));
            }
            assertThat(open.cache.pinnedBlocks()).isBetween(1, BUDGET / 8 / 200_000);
            for (int i = 0; i < rows.size(); i++) {
                InternalIterator cursor = cursors.get(i);
                cursor.next();
                assertThat(cursor.isValid()).isEqualTo(i + 1 < rows.size());
                if (cursor.isValid()) {
                    assertThat(Entry.current(cursor)).isEqualTo(rows.get(i + 1));
                }
                cursor.close();
            }
            assertThat(open.cache.pinnedBlocks()).isZero();
        }
    }

    @Test
    void aSecondReadThatFailsIsReportedAndMayBeTriedAgain() throws IOException {
        List<Entry> rows = rows(3, LONGEST);
        UnreliableFile file = new UnreliableFile(new SstModel(rows, List.of()).bytes(BLOCK_BYTES, 10));
        Entry row = rows.get(1);
        try (SstFixture open = new SstFixture(file, "f", BUDGET);
                InternalIterator first = open.reader.iterator(KeyRange.all(), -1);
                InternalIterator cursor = open.reader.iterator(KeyRange.all(), -1)) {
            first.seekToFirst();
            cursor.seek(row.key(), 0, row.key().length);
            assertThat(first.valueSlab()).as("one may stay on the heap").isNotNull();
            assertThat(cursor.valueSlab()).isNull();
            int reads = file.reads;
            assertThat(Entry.current(cursor)).isEqualTo(row);
            assertThat(file.reads).isEqualTo(reads + 1);

            ValueBuffer into = new ValueBuffer();
            into.reset(3);
            file.failing = true;
            assertThatThrownBy(cursor::copyValue).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> cursor.copyValue(into)).isInstanceOf(IOException.class);
            file.failing = false;
            file.damageAt(file.size() / 2);
            assertThatThrownBy(cursor::copyValue).isInstanceOf(CorruptionException.class);
            assertThatThrownBy(() -> cursor.copyValue(into)).isInstanceOf(CorruptionException.class);
            assertThat(into.length()).as("unchanged").isEqualTo(3);
            file.damageAt(file.size() / 2);

            assertThat(cursor.isValid()).isTrue();
            assertThat(Entry.current(cursor)).isEqualTo(row);
            first.close();
            cursor.next();
            assertThat(Entry.current(cursor)).isEqualTo(rows.get(2));
            cursor.prev();
            reads = file.reads;
            assertThat(Entry.current(cursor)).isEqualTo(row);
            assertThat(file.reads).as("it is the only one on the heap").isEqualTo(reads);
        }
    }

    private static List<Entry> rows(int count, int bytes) {
        Random random = new Random(count);
        List<Entry> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] value = new byte[bytes];
            random.nextBytes(value);
            rows.add(new Entry(key(i), 9, ValueKind.PUT, value));
        }
        return rows;
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    private static final class UnreliableFile implements ReadableFile {
        private final byte[] bytes;
        int reads;
        boolean failing;

        UnreliableFile(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Changes a byte, and back again. */
        void damageAt(long position) {
            bytes[(int) position] ^= 1;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            reads++;
            if (failing) {
                throw new IOException("broken disk");
            }
            into.put(bytes, (int) position, into.remaining());
        }

        @Override
        public void close() {}
    }
}
