package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SplitKeysTest {
    /** A bottom run of files of these sizes; file i begins at key i. */
    private static SortedRun bottom(long... bytes) {
        List<FileMeta> files = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            KeyRange range = KeyRange.of(key(i), i + 1 == bytes.length ? null : key(i + 1));
            files.add(new FileMeta(
                    new FileId(0, i), new SstInfo(bytes[i], 1, 1, 1, 0, 0, 0, null), range, false, -1, null));
        }
        return new SortedRun(SortedRun.BOTTOM, files);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    private static List<Integer> splitKeys(long... bytes) {
        return SplitKeys.of(bottom(bytes)).stream()
                .map(splitKey -> ByteBuffer.wrap(splitKey).getInt())
                .toList();
    }

    @Test
    void thereAreNoneWithoutABottomOfSeveralFiles() {
        assertThat(SplitKeys.of(null)).isEmpty();
        assertThat(splitKeys(1 << 20)).isEmpty();
    }

    @Test
    void aFewFilesAreAllPartsOfTheirOwn() {
        assertThat(splitKeys(10, 10, 10)).containsExactly(1, 2);
    }

    @Test
    void manyFilesMakeEightEvenParts() {
        long[] bytes = new long[80];
        Arrays.fill(bytes, 7);
        assertThat(splitKeys(bytes)).containsExactly(10, 20, 30, 40, 50, 60, 70);
    }

    @Test
    void aLargeFileIsAPartAndItsNeighboursShareTheOthers() {
        assertThat(splitKeys(1, 1, 100, 1, 1)).containsExactly(3);
        assertThat(splitKeys(100, 1, 1, 1)).containsExactly(1);
    }

    @Test
    void aFileIsNotCutBelowAThirtySecondOfTheTargetSize() {
        assertThat(SplitKeys.leastBytes(64 << 20)).isEqualTo(2 << 20);
    }

    @Test
    void noPartIsLargerThanAnEighthAndOneFile() {
        Seeded.run(SplitKeysTest.class, 2000, random -> {
            long[] bytes = new long[1 + random.nextInt(60)];
            long total = 0;
            long largest = 0;
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = 1L + (random.nextInt(4) == 0 ? random.nextInt(1000) : random.nextInt(50));
                total += bytes[i];
                largest = Math.max(largest, bytes[i]);
            }
            List<Integer> ends = new ArrayList<>(splitKeys(bytes));

            assertThat(ends)
                    .hasSizeLessThan(8)
                    .doesNotHaveDuplicates()
                    .isSorted()
                    .doesNotContain(0);
            ends.add(bytes.length);
            int from = 0;
            for (int end : ends) {
                long part = 0;
                for (int i = from; i < end; i++) {
                    part += bytes[i];
                }
                assertThat(part).isLessThanOrEqualTo(total / 8 + largest + 1);
                from = end;
            }
        });
    }
}
