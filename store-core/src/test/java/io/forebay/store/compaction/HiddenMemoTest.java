package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Files of a hundred keys, "00" to "99" behind a letter, of 100 bytes each. */
class HiddenMemoTest {
    private final Map<FileId, FragmentArray> deletes = new HashMap<>();
    private final Set<FileId> busy = new HashSet<>();
    private final List<String> looks = new ArrayList<>();
    private final HiddenMemo memo = new HiddenMemo(this::share);
    private long durable = 1_000;
    private long oldestSnapshot = Long.MAX_VALUE;
    private Cancellation cancellation = new Cancellation();
    private IOException failure;
    private long ids;

    private static byte[] bytes(String key) {
        return key.getBytes(StandardCharsets.US_ASCII);
    }

    private static int number(byte[] key) {
        String text = new String(key, StandardCharsets.US_ASCII);
        return (text.charAt(0) - 'a') * 100 + (text.length() == 1 ? 0 : Integer.parseInt(text.substring(1)));
    }

    private double share(FileMeta file, List<KeyRange> ranges, Cancellation cancelled) throws IOException {
        if (failure != null) {
            throw failure;
        }
        StringBuilder text = new StringBuilder();
        double keys = 0;
        for (KeyRange range : ranges) {
            text.append(' ')
                    .append(new String(range.from(), StandardCharsets.US_ASCII))
                    .append('-')
                    .append(new String(range.to(), StandardCharsets.US_ASCII));
            keys += number(range.to()) - number(range.from());
        }
        looks.add(file.id().low() + text.toString());
        return keys / 100;
    }

    private FileMeta file(long newest, String from, String to, long rangeDeletes) {
        SstInfo info = new SstInfo(10_000, newest - 9, newest, 100, 0, rangeDeletes, 0, null);
        return new FileMeta(new FileId(0, ++ids), info, KeyRange.of(bytes(from), bytes(to)), false, -1, null);
    }

    private FileMeta bottom(String letter, String end) {
        return file(9, letter, end, 0);
    }

    /** @param ranges as a00-a50@95 */
    private FileMeta tier(long newest, String from, String to, String... ranges) {
        Fragmenter fragmenter = new Fragmenter();
        for (String range : ranges) {
            String[] parts = range.split("[-@]");
            fragmenter.add(bytes(parts[0]), bytes(parts[1]), Long.parseLong(parts[2]));
        }
        FileMeta made = file(newest, from, to, ranges.length);
        deletes.put(made.id(), fragmenter.finish());
        return made;
    }

    private HiddenParts parts(List<SortedRun> runs) throws IOException {
        PickInput in =
                new PickInput(runs, busy, durable, oldestSnapshot, 1 << 20, this::tombstones, memo, cancellation);
        memo.known(in);
        boolean complete = memo.isComplete();
        boolean more = memo.estimateMore(in);
        assertThat(more).isEqualTo(!complete);
        HiddenParts parts = memo.known(in);
        assertThat(memo.isComplete()).isTrue();
        return parts;
    }

    private FragmentArray tombstones(List<FileMeta> files) {
        looks.add("deletes of " + files.get(0).id().low());
        return deletes.get(files.get(0).id()).clip(files.get(0).range());
    }

    private static List<SortedRun> runs(List<FileMeta> bottom, FileMeta... tiers) {
        List<SortedRun> runs = new ArrayList<>();
        for (int i = 0; i < tiers.length; i++) {
            runs.add(new SortedRun(tiers.length - i, List.of(tiers[i])));
        }
        runs.add(new SortedRun(SortedRun.BOTTOM, bottom));
        return runs;
    }

    /** The facts of two files are estimated once; another file costs its own look, and nothing else. */
    @Test
    void eachPairIsEstimatedOnce() throws IOException {
        FileMeta a = bottom("a", "b");
        FileMeta b = bottom("b", "c");
        FileMeta c = bottom("c", "d");
        FileMeta tier = tier(99, "a", "d", "a10-a20@95", "a20-a30@96", "a50-b50@95");
        HiddenParts parts = parts(runs(List.of(a, b, c), tier));
        // what touches is one range; nothing is looked up in c
        assertThat(looks).containsExactly("deletes of 4", "1 a10-a30 a50-b", "2 b-b50");
        assertThat(parts.all()).isCloseTo(12_000, within(1.0));
        assertThat(parts.ofSsts()).isCloseTo(12_000, within(1.0));
        assertThat(parts.ofValues()).isZero();
        assertThat(parts.of(tier)).isCloseTo(12_000, within(1.0));
        looks.clear();
        assertThat(parts(runs(List.of(a, b, c), tier)).all()).isCloseTo(12_000, within(1.0));
        assertThat(looks).isEmpty();
        FileMeta next = bottom("b", "c");
        FileMeta more = tier(199, "c", "d", "c-c10@195");
        parts = parts(runs(List.of(a, next, c), more, tier));
        assertThat(looks).containsExactly("deletes of 6", "3 c-c10", "deletes of 4", "5 b-b50");
        assertThat(parts.all()).isCloseTo(13_000, within(1.0));
        looks.clear();
        // what is gone is forgotten, and has to be estimated again
        assertThat(parts(runs(List.of(a, next, c), more)).all()).isCloseTo(1_000, within(1.0));
        assertThat(looks).isEmpty();
        parts(runs(List.of(a, next, c), tier));
        assertThat(looks).isNotEmpty();
    }

    @Test
    void severalTiersHideNoMoreThanThereIs() throws IOException {
        FileMeta a = bottom("a", "b");
        HiddenParts parts = parts(runs(
                List.of(a),
                tier(299, "a", "b", "a10-a90@295"),
                tier(199, "a", "b", "a10-a90@195"),
                tier(99, "a", "b", "a-a01@95")));
        assertThat(parts.all()).isCloseTo(10_000, within(1.0));
    }

    /** One range delete of many sequence numbers is one. */
    @Test
    void whatASnapshotSeesIsNotHidden() throws IOException {
        FileMeta a = bottom("a", "b");
        FileMeta tier = tier(99, "a", "b", "a-a50@91", "a-a50@92", "a-a50@93", "a60-a90@97");
        oldestSnapshot = 89;
        assertThat(parts(runs(List.of(a), tier)).all()).isZero();
        assertThat(looks).isEmpty();
        oldestSnapshot = 92;
        assertThat(parts(runs(List.of(a), tier)).all()).isCloseTo(5_000, within(1.0));
        oldestSnapshot = 97;
        assertThat(parts(runs(List.of(a), tier)).all()).isCloseTo(8_000, within(1.0));
        oldestSnapshot = 99;
        parts(runs(List.of(a), tier));
        looks.clear();
        oldestSnapshot = 500; // of no matter for the file
        assertThat(parts(runs(List.of(a), tier)).all()).isCloseTo(8_000, within(1.0));
        assertThat(looks).isEmpty();
        durable = 98; // a crash may undo range deletes
        assertThat(parts(runs(List.of(a), tier)).all()).isZero();
    }

    /** Two tiers show a part each of one SST: each hides its own. */
    @Test
    void aPartOfAnSstHidesWhatItShows() throws IOException {
        FileMeta a = bottom("a", "b");
        FileMeta whole = tier(99, "a", "b", "a-a90@95");
        FileMeta one = whole.clip(KeyRange.of(bytes("a"), bytes("a20")));
        FileMeta other = whole.clip(KeyRange.of(bytes("a80"), bytes("b")));
        List<SortedRun> runs =
                List.of(new SortedRun(1, List.of(one, other)), new SortedRun(SortedRun.BOTTOM, List.of(a)));
        HiddenParts parts = parts(runs);
        assertThat(parts.of(one)).isCloseTo(2_000, within(1.0));
        assertThat(parts.of(other)).isCloseTo(1_000, within(1.0));
        assertThat(parts.all()).isCloseTo(3_000, within(1.0));
        assertThat(looks).contains("1 a-a20", "1 a80-a90");
    }

    /** A file below may have newer entries beside those that are hidden. */
    @Test
    void whatIsBelowIsOlderWhateverElseItsFileHas() throws IOException {
        FileMeta a = file(500, "a", "b", 0);
        assertThat(parts(runs(List.of(a), tier(99, "a", "a50", "a-a50@95"))).all())
                .isCloseTo(5_000, within(1.0));
    }

    @Test
    void filesOfRunningCompactionsDoNotCount() throws IOException {
        FileMeta a = bottom("a", "b");
        FileMeta b = bottom("b", "c");
        FileMeta tier = tier(99, "a", "c", "a50-b50@95");
        busy.add(a.id());
        assertThat(parts(runs(List.of(a, b), tier)).all()).isCloseTo(5_000, within(1.0));
        busy.add(tier.id());
        assertThat(parts(runs(List.of(a, b), tier)).all()).isZero();
        busy.clear();
        looks.clear();
        assertThat(parts(runs(List.of(a, b), tier)).all()).isCloseTo(10_000, within(1.0));
        assertThat(looks).isEmpty();
    }

    /** What was estimated before a failure or a cancellation is kept. */
    @Test
    void aFailureIsThrownAndTheNextLookGoesOn() throws IOException {
        FileMeta a = bottom("a", "b");
        FileMeta b = bottom("b", "c");
        FileMeta tier = tier(99, "a", "c", "a50-b50@95");
        FileMeta before = tier(199, "a", "b", "a-a10@195");
        parts(runs(List.of(a, b), before));
        looks.clear();
        failure = new IOException("no answer");
        assertThatThrownBy(() -> parts(runs(List.of(a, b), before, tier))).isSameAs(failure);
        failure = null;
        looks.clear();
        assertThat(parts(runs(List.of(a, b), before, tier)).all()).isCloseTo(11_000, within(1.0));
        assertThat(looks).containsExactly("deletes of 3", "1 a50-b", "2 b-b50");
        FileMeta next = bottom("a", "b");
        cancellation.cancel();
        assertThatThrownBy(() -> parts(runs(List.of(next, b), before, tier))).isInstanceOf(CancellationException.class);
        cancellation = new Cancellation();
        assertThat(parts(runs(List.of(a, b), before, tier)).all()).isCloseTo(11_000, within(1.0));
    }

    /** Others may become due meanwhile. */
    @Test
    void someFilesAreEstimatedAtATime() throws IOException {
        int files = HiddenMemo.AT_A_TIME + 3;
        List<FileMeta> bottom = new ArrayList<>();
        for (int i = 0; i < files; i++) {
            bottom.add(file(9, String.format("a%02d", i), String.format("a%02d", i + 1), 0));
        }
        FileMeta tier = tier(99, "a", "b", "a-b@95");
        PickInput in = new PickInput(
                runs(bottom, tier), busy, durable, oldestSnapshot, 1 << 20, this::tombstones, memo, cancellation);
        assertThat(memo.known(in).all()).isZero();
        assertThat(memo.isComplete()).isFalse();
        assertThat(memo.estimateMore(in)).isTrue();
        assertThat(memo.known(in).all()).isCloseTo(HiddenMemo.AT_A_TIME * 100.0, within(1.0));
        assertThat(memo.isComplete()).isFalse();
        assertThat(memo.estimateMore(in)).isTrue();
        assertThat(memo.known(in).all()).isCloseTo(files * 100.0, within(1.0));
        assertThat(memo.isComplete()).isTrue();
        assertThat(looks).hasSize(files + 2);
        assertThat(memo.estimateMore(in)).isFalse();
        assertThat(looks).hasSize(files + 2);
    }
}
