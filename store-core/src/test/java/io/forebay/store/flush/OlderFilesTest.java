package io.forebay.store.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.util.Seeded;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OlderFilesTest {
    private static byte[] key(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.US_ASCII);
    }

    private static FileMeta file(byte[] from, byte[] to) {
        return new FileMeta(
                new FileId(0, 1), new SstInfo(100, 1, 1, 1, 0, 0, 0, null), KeyRange.of(from, to), false, -1, null);
    }

    /** A run of files, each {@code from, to}. */
    private static SortedRun run(long rank, String... bounds) {
        List<FileMeta> files = new ArrayList<>();
        for (int i = 0; i < bounds.length; i += 2) {
            files.add(file(key(bounds[i]), key(bounds[i + 1])));
        }
        return new SortedRun(rank, files);
    }

    /** What {@link OlderFiles#mayContain} says of ascending keys of one letter each. */
    private static String contained(OlderFiles older, String keys) {
        StringBuilder yes = new StringBuilder();
        for (char letter : keys.toCharArray()) {
            byte[] padded = {(byte) letter, 'x'};
            if (older.mayContain(padded, 1)) {
                yes.append(letter);
            }
        }
        return yes.toString();
    }

    @Test
    void nothingIsOlderThanTheOldestRun() {
        OlderFiles none = new OlderFiles(List.of());
        assertThat(contained(none, "abc")).isEmpty();
        assertThat(none.mayOverlap(new byte[0], null)).isFalse();
    }

    @Test
    void aKeyIsContainedBetweenTheBoundsOfAFile() {
        OlderFiles older = new OlderFiles(List.of(run(2, "b", "d", "h", "j"), run(0, "d", "e", "i", "m")));
        assertThat(contained(older, "abcdefghijklmn")).isEqualTo("bcdhijkl");
    }

    @Test
    void aFileWithoutEndContainsEverythingBehindItsStart() {
        OlderFiles older = new OlderFiles(List.of(run(2, "b", "c"), run(0, "e", null)));
        assertThat(contained(older, "abcdefz")).isEqualTo("befz");
    }

    @Test
    void aRangeOverlapsWhenItTouchesAFile() {
        OlderFiles older = new OlderFiles(List.of(run(2, "b", "d", "h", "j")));
        assertThat(older.mayOverlap(key("a"), key("b"))).isFalse();
        assertThat(older.mayOverlap(key("a"), key("bb"))).isTrue();
        assertThat(older.mayOverlap(key("c"), key("c1"))).isTrue();
        assertThat(older.mayOverlap(key("d"), key("h"))).isFalse();
        assertThat(older.mayOverlap(key("d"), key("z"))).isTrue();
        assertThat(older.mayOverlap(key("j"), null)).isFalse();
        assertThat(older.mayOverlap(key("i"), null)).isTrue();
        assertThat(older.mayOverlap(new byte[0], null)).isTrue();
    }

    /** A wrong no would lose a delete that is needed; a wrong yes would keep one for ever. */
    @Test
    void answersAsAWalkOverAllFiles() {
        Seeded.run(OlderFilesTest.class, 500, random -> {
            List<SortedRun> runs = new ArrayList<>();
            for (int rank = random.nextInt(5); rank > 0; rank--) {
                runs.add(randomRun(random, rank));
            }
            OlderFiles older = new OlderFiles(runs);
            RandomKeys keys = new RandomKeys(random);
            TreeSet<byte[]> ascending = new TreeSet<>(Arrays::compareUnsigned);
            for (int i = 0; i < 100; i++) {
                ascending.add(keys.key());
            }
            for (byte[] key : ascending) {
                assertThat(older.mayContain(Arrays.copyOf(key, key.length + 2), key.length))
                        .as("%s in %s", Arrays.toString(key), runs)
                        .isEqualTo(files(runs).stream()
                                .anyMatch(file -> file.range().contains(key)));
            }
            for (int i = 0; i < 100; i++) {
                byte[] from = keys.key();
                byte[] to = random.nextInt(5) == 0 ? null : keys.key();
                if (to != null && Arrays.compareUnsigned(from, to) >= 0) {
                    continue;
                }
                KeyRange range = KeyRange.of(from, to);
                assertThat(older.mayOverlap(from, to))
                        .as("%s over %s", range, runs)
                        .isEqualTo(files(runs).stream()
                                .anyMatch(file -> file.range().overlaps(range)));
            }
        });
    }

    private static SortedRun randomRun(Random random, long rank) {
        RandomKeys keys = new RandomKeys(random);
        TreeSet<byte[]> bounds = new TreeSet<>(Arrays::compareUnsigned);
        for (int i = 2 + random.nextInt(12); i > 0; i--) {
            bounds.add(keys.key());
        }
        List<byte[]> sorted = new ArrayList<>(bounds);
        List<FileMeta> files = new ArrayList<>();
        for (int i = 0; i < sorted.size(); i++) {
            boolean last = i + 1 == sorted.size();
            if (random.nextInt(3) != 0 && !(last && random.nextBoolean())) {
                files.add(file(sorted.get(i), last ? null : sorted.get(i + 1)));
            }
        }
        return new SortedRun(rank, files);
    }

    private static List<FileMeta> files(List<SortedRun> runs) {
        return runs.stream().flatMap(run -> run.files().stream()).toList();
    }
}
