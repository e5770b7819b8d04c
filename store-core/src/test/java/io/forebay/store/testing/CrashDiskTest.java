package io.forebay.store.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashChoice.Names;
import io.forebay.store.testing.CrashChoice.Tails;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CrashDiskTest {
    private final CrashDisk disk = new CrashDisk();
    private final CrashFileStore files = disk.directory("d");

    private static void write(CrashFileStore to, String name, byte[] bytes, int synced) throws IOException {
        try (WritableFile file = to.create(name)) {
            file.append(ByteBuffer.wrap(bytes, 0, synced));
            if (synced > 0) {
                file.sync();
            }
            file.append(ByteBuffer.wrap(bytes, synced, bytes.length - synced));
        }
    }

    private static byte[] read(CrashFileStore from, String name) throws IOException {
        try (ReadableFile file = from.open(name)) {
            byte[] bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (1 + i % 250);
        }
        return bytes;
    }

    private CrashFileStore crash(Names names, Tails tails) {
        return files.afterCrash(new CrashChoice(names, tails, new Random(1)));
    }

    @Test
    void theSyncOfAFileDoesNotMakeItsNameDurable() throws IOException {
        write(files, "a", random(10), 10);
        assertThat(crash(Names.NONE, Tails.ALL).list()).isEmpty();
        files.syncDirectory();
        assertThat(read(crash(Names.NONE, Tails.NONE), "a")).isEqualTo(random(10));
    }

    @Test
    void theSyncOfTheDirectoryDoesNotMakeBytesDurable() throws IOException {
        write(files, "a", random(10), 4);
        files.syncDirectory();
        assertThat(read(crash(Names.NONE, Tails.NONE), "a")).hasSize(4);
        assertThat(read(crash(Names.NONE, Tails.ALL), "a")).hasSize(10);
    }

    @Test
    void changesOfNamesSurviveInAnyCombination() throws IOException {
        write(files, "old", random(3), 3);
        files.syncDirectory();
        write(files, "a", random(1), 1);
        write(files, "b", random(2), 2);
        files.delete("old");
        Set<List<String>> seen = new TreeSet<>((x, y) -> x.toString().compareTo(y.toString()));
        for (int seed = 0; seed < 200; seed++) {
            seen.add(files.afterCrash(new Random(seed)).list());
        }
        assertThat(seen).hasSize(8).contains(List.of("b", "old"), List.of(), List.of("a"));
        assertThat(crash(Names.CREATES, Tails.ALL).list()).containsExactly("a", "b", "old");
        assertThat(crash(Names.DELETES, Tails.ALL).list()).isEmpty();
        assertThat(crash(Names.LAST, Tails.ALL).list()).isEmpty();
        assertThat(crash(Names.ALL_BUT_LAST, Tails.ALL).list()).containsExactly("a", "b", "old");
    }

    @Test
    void aBeginningSurvivesToTheEndOfASector() throws IOException {
        write(files, "a", random(9_000), 700);
        files.syncDirectory();
        for (Tails tails : List.of(Tails.CUT_512, Tails.CUT_4096)) {
            int unit = tails == Tails.CUT_512 ? 512 : 4096;
            Set<Integer> lengths = new TreeSet<>();
            for (int seed = 0; seed < 300; seed++) {
                byte[] left = read(files.afterCrash(new CrashChoice(Names.ALL, tails, new Random(seed))), "a");
                assertThat(left).isEqualTo(Arrays.copyOf(random(9_000), left.length));
                lengths.add(left.length);
            }
            List<Integer> possible = new ArrayList<>(List.of(700));
            for (int end = (700 / unit + 1) * unit; end < 9_000; end += unit) {
                possible.add(end);
            }
            possible.add(9_000);
            assertThat(lengths).containsExactlyElementsOf(possible);
        }
    }

    @Test
    void anySectorsSurviveAndTheOthersAreZerosOrStale() throws IOException {
        byte[] all = random(3_000);
        write(files, "a", all, 700);
        files.syncDirectory();
        Set<Integer> masks = new TreeSet<>();
        for (int seed = 0; seed < 2_000; seed++) {
            byte[] left = read(files.afterCrash(new CrashChoice(Names.ALL, Tails.SECTORS_512, new Random(seed))), "a");
            assertThat(left).hasSize(3_000).startsWith(Arrays.copyOf(all, 700));
            int mask = 0;
            for (int from = 700, bit = 0; from < 3_000; bit++) {
                int to = Math.min(3_000, (from / 512 + 1) * 512);
                boolean kept = Arrays.equals(left, from, to, all, from, to);
                if (!kept) {
                    assertThat(Arrays.copyOfRange(left, from, to)).containsOnly(0);
                }
                mask |= kept ? 1 << bit : 0;
                from = to;
            }
            masks.add(mask);
        }
        assertThat(masks).as("subsets of five sectors").hasSize(32);
        byte[] zeros = read(crash(Names.ALL, Tails.ZEROS), "a");
        assertThat(zeros).hasSize(3_000).endsWith(new byte[2_300]);
        byte[] stale = read(crash(Names.ALL, Tails.STALE_4096), "a");
        assertThat(stale).hasSize(3_000).startsWith(Arrays.copyOf(all, 700));
    }

    @Test
    void aKilledProcessLosesNothingThatItWrote() throws IOException {
        write(files, "old", random(3), 3);
        files.syncDirectory();
        files.delete("old");
        write(files, "a", random(5_000), 0);
        CrashFileStore left = files.afterKill();
        assertThat(left.list()).containsExactly("a");
        assertThat(read(left, "a")).isEqualTo(random(5_000));
        CrashChoice nothing = new CrashChoice(Names.NONE, Tails.NONE, new Random(1));
        assertThat(left.afterCrash(nothing).list()).as("but not on disk yet").containsExactly("old");
        left.syncDirectory();
        assertThat(left.afterCrash(nothing).list()).containsExactly("a");
        assertThat(left.afterCrash(nothing).size("a")).isZero();
    }

    @Test
    void aFileIsTheSameUnderAllItsNames() throws IOException {
        CrashFileStore other = disk.directory("other");
        write(files, "a", random(5_000), 100);
        other.linkFrom(files, "a");
        files.syncDirectory();
        other.syncDirectory();
        for (int seed = 0; seed < 50; seed++) {
            CrashDisk left = disk.moment().afterCrash(new Random(seed));
            assertThat(read(left.directory("other"), "a")).isEqualTo(read(left.directory("d"), "a"));
        }
    }

    @Test
    void momentsStayAsTheyAre() throws IOException {
        WritableFile file = files.create("a");
        file.append(ByteBuffer.wrap(random(100)));
        CrashMoment moment = disk.moment();
        file.append(ByteBuffer.wrap(random(100)));
        file.sync();
        files.delete("a");
        files.syncDirectory();
        CrashChoice all = new CrashChoice(Names.ALL, Tails.ALL, new Random(1));
        assertThat(read(moment.afterCrash(all).directory("d"), "a")).isEqualTo(random(100));
        assertThat(moment.isSettled()).isFalse();
        assertThat(disk.moment().isSettled()).isTrue();
    }

    @Test
    void imagesAreEqualIfTheirHashesAre() throws IOException {
        write(files, "a", random(2_000), 100);
        CrashMoment moment = disk.moment();
        assertThat(moment.afterCrash(CrashChoice.variant(9, 3)).hash())
                .isEqualTo(moment.afterCrash(CrashChoice.variant(9, 3)).hash());
        Set<Long> hashes = new TreeSet<>();
        for (Tails tails : List.of(Tails.NONE, Tails.ALL, Tails.ZEROS, Tails.STALE_512)) {
            hashes.add(crash(Names.ALL, tails).disk().hash());
        }
        hashes.add(crash(Names.NONE, Tails.ALL).disk().hash());
        assertThat(hashes).hasSize(5);
    }

    @Test
    void theWatcherHearsOfEveryChange() throws IOException {
        List<String> heard = new ArrayList<>();
        disk.watch(heard::add);
        write(files, "a", random(10), 4);
        files.syncDirectory();
        files.delete("a");
        files.delete("a");
        files.putIfAbsent("b", random(3));
        assertThat(heard)
                .containsExactly(
                        "create a in d",
                        "append to a in d",
                        "sync of a in d",
                        "append to a in d",
                        "sync of the directory in d",
                        "delete a in d",
                        "put, not yet durable, b in d",
                        "put b in d");
        assertThat(disk.changes()).isEqualTo(8);
    }
}
