package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SortedRunTest {
    private static FileMeta file(int number, byte[] from, byte[] to) {
        return new FileMeta(
                new FileId(0, number),
                new SstInfo(100, 1, 1, 1, 0, 0, 0, null),
                KeyRange.of(from, to),
                false,
                -1,
                null);
    }

    private static byte[] key(Random random) {
        byte[] key = new byte[random.nextInt(14)];
        for (int i = 0; i < key.length; i++) {
            // Long common prefixes, so that heads are often equal.
            key[i] = (byte) (i < 8 && random.nextInt(10) != 0 ? 7 : random.nextInt(3) * 127);
        }
        return key;
    }

    @Test
    void findAgreesWithAWalkOverTheFiles() {
        Seeded.run(SortedRunTest.class, 100, random -> {
            TreeSet<byte[]> bounds = new TreeSet<>(Arrays::compareUnsigned);
            for (int i = random.nextInt(40); i >= 0; i--) {
                bounds.add(key(random));
            }
            List<byte[]> sorted = new ArrayList<>(bounds);
            List<FileMeta> files = new ArrayList<>();
            for (int i = 0; i < sorted.size(); i++) {
                boolean last = i + 1 == sorted.size();
                if (random.nextInt(4) != 0 && !(last && random.nextBoolean())) {
                    files.add(file(i, sorted.get(i), last ? null : sorted.get(i + 1)));
                }
            }
            Collections.shuffle(files, random);
            SortedRun run = new SortedRun(3, files);
            assertThat(run.files()).hasSameElementsAs(files);
            for (int i = 0; i < 500; i++) {
                byte[] key = random.nextBoolean() ? key(random) : sorted.get(random.nextInt(sorted.size()));
                FileMeta expected = null;
                int floor = -1;
                for (int j = 0; j < run.size(); j++) {
                    if (run.file(j).range().contains(key)) {
                        expected = run.file(j);
                    }
                    if (Arrays.compareUnsigned(run.file(j).range().from(), key) <= 0) {
                        floor = j;
                    }
                }
                byte[] padded = new byte[key.length + 5];
                System.arraycopy(key, 0, padded, 2, key.length);
                long head = Slab.head(padded, 2, key.length);
                assertThat(run.find(padded, 2, key.length, head)).isSameAs(expected);
                assertThat(run.floor(padded, 2, key.length)).isEqualTo(floor);
            }
        });
    }

    @Test
    void overlappingAgreesWithAWalkOverTheFiles() {
        Seeded.run(SortedRunTest.class, 100, random -> {
            TreeSet<byte[]> bounds = new TreeSet<>(Arrays::compareUnsigned);
            for (int i = 0; i < 20; i++) {
                bounds.add(key(random));
            }
            List<byte[]> sorted = new ArrayList<>(bounds);
            List<FileMeta> files = new ArrayList<>();
            for (int i = 0; i + 1 < sorted.size(); i += 1 + random.nextInt(2)) {
                files.add(file(i, sorted.get(i), sorted.get(i + 1)));
            }
            SortedRun run = new SortedRun(0, files);
            for (int i = 0; i < 200; i++) {
                KeyRange range = KeyRange.of(key(random), random.nextInt(5) == 0 ? null : key(random));
                List<FileMeta> expected = run.files().stream()
                        .filter(file -> !range.isEmpty() && file.range().overlaps(range))
                        .toList();
                assertThat(Version.overlapping(run, range)).isEqualTo(expected);
            }
        });
    }

    @Test
    void filesThatOverlapAreRefusedByName() {
        FileMeta a = file(1, new byte[] {1}, new byte[] {5});
        FileMeta b = file(2, new byte[] {4}, new byte[] {6});
        FileMeta open = file(3, new byte[] {0}, null);
        assertThatThrownBy(() -> new SortedRun(9, List.of(b, a)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("run 9")
                .hasMessageContaining(a.id().name())
                .hasMessageContaining(b.id().name());
        assertThatThrownBy(() -> new SortedRun(0, List.of(open, a))).isInstanceOf(IllegalArgumentException.class);
        assertThat(new SortedRun(0, List.of()).find(new byte[] {1}, 0, 1, 0)).isNull();
        assertThat(new SortedRun(0, List.of()).isBottom()).isTrue();
    }

    @Test
    void findAllocatesNothing() {
        List<FileMeta> files = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            files.add(file(
                    i, new byte[] {1, 1, 1, 1, 1, 1, 1, 1, (byte) i}, new byte[] {1, 1, 1, 1, 1, 1, 1, 1, (byte) i, 9
                    }));
        }
        SortedRun run = new SortedRun(1, files);
        byte[] key = {1, 1, 1, 1, 1, 1, 1, 1, 77, 3};
        long head = Slab.head(key, 0, key.length);
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 20_000; i++) {
                key[8] = (byte) (i % 200);
                if (run.find(key, 0, key.length, head) == null) {
                    throw new AssertionError();
                }
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).isLessThan(2_000);
    }
}
