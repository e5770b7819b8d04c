package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.Seeds;
import io.forebay.store.util.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class RangeShareTest {
    private static final Cancellation NEVER = new Cancellation();

    private final MemoryFileStore files = new MemoryFileStore();

    /** Even numbers, at about fifteen in a block of 512 bytes. */
    private void write(String name, int entries, int valueBytes) throws IOException {
        SstWriter writer = new SstWriter(files.create(name), name, 512, 10, 0);
        byte[] value = new byte[valueBytes];
        for (int i = 0; i < entries; i++) {
            writer.add(key(2 * i), 0, 8, 1, ValueKind.PUT, value, 0, value.length);
        }
        writer.finish();
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    private static KeyRange range(long from, long to) {
        return KeyRange.of(key(from), key(to));
    }

    @Test
    void aSingleRangeCountsWithTheEntriesInIt() throws IOException {
        write("f", 2_000, 20);
        try (SstFixture open = new SstFixture(files.open("f"), "f", 8 << 20)) {
            for (int[] part : new int[][] {{0, 2_000}, {0, 500}, {500, 1_500}, {1_900, 2_000}, {700, 701}, {-9, -5}}) {
                double expected = part[0] < 0 ? 0 : (part[1] - part[0]) / 2_000.0;
                KeyRange range = part[0] < 0 ? range(5_000, 6_000) : range(2 * part[0], 2 * part[1]);
                assertThat(open.reader.share(List.of(range), NEVER)).isCloseTo(expected, within(0.01));
            }
            assertThat(open.reader.share(List.of(KeyRange.all()), NEVER)).isEqualTo(1);
            assertThat(open.reader.share(List.of(range(0, 3_999)), NEVER)).isEqualTo(1);
            assertThat(open.reader.share(List.of(), NEVER)).isZero();
            assertThat(open.reader.share(List.of(KeyRange.of(key(9_000), null)), NEVER))
                    .isZero();
        }
    }

    @Test
    void aFileOfRangeDeletesHasNoData() throws IOException {
        SstWriter deletes = new SstWriter(files.create("g"), "g", 4096, 10, 0);
        deletes.addTombstone(Entry.fragment("b", "f", 9));
        deletes.finish();
        try (SstFixture open = new SstFixture(files.open("g"), "g", 1 << 20)) {
            assertThat(open.reader.share(List.of(KeyRange.all()), NEVER)).isZero();
        }
    }

    /** In a file of few blocks the ranges may lie within one of them: what values in value files are referred to is seen so. */
    @Test
    void inFewBlocksEntriesAreCounted() throws IOException {
        for (int entries : new int[] {1, 3, 14, 40, 100}) {
            String name = "f" + entries;
            write(name, entries, 20);
            try (SstFixture open = new SstFixture(files.open(name), name, 8 << 20)) {
                for (int from = 0; from < entries; from += 7) {
                    double share = open.reader.share(List.of(range(2 * from, 2 * entries)), NEVER);
                    assertThat(share).isCloseTo((entries - from) / (double) entries, within(0.08));
                }
            }
        }
    }

    /** Ranges of all lengths: what they have together, in files of one block to many. */
    @Test
    void randomRangesAddUp() {
        Seeds.run(RangeShareTest.class, 40, seed -> {
            try {
                checkRandomRanges(new Random(seed), "f" + seed);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void checkRandomRanges(Random random, String name) throws IOException {
        int entries = 1 + random.nextInt(random.nextInt(3) == 0 ? 50 : 10_000);
        write(name, entries, random.nextInt(40));
        int meanLength = 1 << random.nextInt(12);
        double density = 0.01 + random.nextDouble();
        List<KeyRange> ranges = new ArrayList<>();
        long inside = 0;
        long at = random.nextInt(4);
        while (at < 2L * entries) {
            long end = at + 1 + random.nextInt(2 * meanLength);
            boolean last = random.nextInt(50) == 0;
            ranges.add(last ? KeyRange.of(key(at), null) : range(at, end));
            long to = last ? 2L * entries : Math.min(end, 2L * entries);
            inside += (to + 1) / 2 - (at + 1) / 2;
            at = last ? Long.MAX_VALUE : end + 1 + (long) (random.nextInt(2 * meanLength) / density);
        }
        try (SstFixture open = new SstFixture(files.open(name), name, 8 << 20)) {
            assertThat(open.reader.share(ranges, NEVER))
                    .as("%d entries, %d ranges", entries, ranges.size())
                    .isCloseTo(inside / (double) entries, within(0.2));
        }
    }

    private int reads;
    /** What the next read cancels. */
    private Cancellation cancelled = new Cancellation();

    private ReadableFile counted(String name) throws IOException {
        return new ForwardingFileStore.Reader(files.open(name)) {
            @Override
            public void read(long position, ByteBuffer into) throws IOException {
                reads++;
                cancelled.cancel();
                super.read(position, into);
            }
        };
    }

    private static List<KeyRange> everyThird(int entries) {
        List<KeyRange> ranges = new ArrayList<>();
        for (long i = 0; i < entries; i += 3) {
            ranges.add(range(2 * i, 2 * i + 1));
        }
        return ranges;
    }

    /** Thousands of ranges: each index block once, and a few data blocks, though no block stays in the cache. */
    @Test
    void manyRangesTakeFewReads() throws IOException {
        write("f", 100_000, 60);
        try (SstFixture open = new SstFixture(counted("f"), "f", 256 << 10)) {
            int partitions = open.reader.top().partitions();
            assertThat(partitions).isGreaterThan(5);
            reads = 0;
            assertThat(open.reader.share(everyThird(100_000), NEVER)).isCloseTo(1 / 3.0, within(0.05));
            // a data block that is not in the cache takes its index block, up to twice
            assertThat(reads).isLessThanOrEqualTo(partitions + 3 * RangeShare.MOST_LOOKS);
            // too few blocks to matter: the index alone
            reads = 0;
            assertThat(open.reader.share(List.of(range(2_000, 100_000)), NEVER)).isCloseTo(0.49, within(0.01));
            assertThat(reads).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void nothingIsReadAfterACancellation() throws IOException {
        write("f", 100_000, 60);
        try (SstFixture open = new SstFixture(counted("f"), "f", 256 << 10)) {
            cancelled = new Cancellation();
            reads = 0;
            assertThatThrownBy(() -> open.reader.share(everyThird(100_000), cancelled))
                    .isInstanceOf(CancellationException.class);
            assertThat(reads).isEqualTo(1);
        }
    }
}
