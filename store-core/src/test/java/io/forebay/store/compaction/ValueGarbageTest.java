package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.sst.Superseded;
import io.forebay.store.util.Cancellation;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ValueGarbageTest {
    private static final long MIB = 1 << 20;

    private final Set<FileId> busy = new HashSet<>();

    private static FileId id(long number) {
        return new FileId(0, number);
    }

    private static ValueShare share(long file, long fileBytes, long bytes) {
        return new ValueShare(0, file, fileBytes, 0, bytes, null);
    }

    private static FileMeta sst(long number, long sequence, String from, String to, ValueShare... shares) {
        return sst(MIB, number, sequence, from, to, shares);
    }

    private static FileMeta sst(long bytes, long number, long sequence, String from, String to, ValueShare... shares) {
        SstInfo info =
                new SstInfo(bytes, 1, sequence, 10, 0, 0, 0, null, null, null, -1, null, Arrays.asList(shares), null);
        KeyRange range = KeyRange.of(bytes(from), bytes(to));
        return new FileMeta(id(number), info, range, false, -1, null);
    }

    private static FileMeta superseded(FileMeta file, long valueBytes) {
        SstInfo known = file.info();
        Superseded superseded = new Superseded(1000, 100, valueBytes, 0);
        SstInfo info = new SstInfo(
                known.fileBytes(),
                known.minSequence(),
                known.maxSequence(),
                known.entries(),
                0,
                0,
                0,
                null,
                null,
                null,
                -1,
                null,
                known.valueFiles(),
                superseded);
        return new FileMeta(file.id(), info, file.range(), false, -1, null);
    }

    /** Half of what one SST refers to is superseded, in each of its value files as far as anyone knows. */
    @Test
    void supersededValuesAreGarbageOnceNobodySeesThem() {
        FileMeta file = superseded(
                sst(1, 5, "a", "b", share(11, 100 * MIB, 80 * MIB), share(12, 100 * MIB, 100 * MIB)), 90 * MIB);
        List<SortedRun> runs = List.of(new SortedRun(0, List.of(file)));
        assertThat(ValueGarbage.of(runs).files()).isEmpty();
        assertThat(ValueGarbage.of(runs, 4).files()).as("a reader before it").isEmpty();
        assertThat(ValueGarbage.of(runs, 5).files()).containsExactly(id(11), id(12));
        assertThat(ValueGarbage.of(runs, 5).liveBytes()).isEqualTo(90 * MIB);
    }

    /** The tenth of the entries that is superseded has the long values. */
    @Test
    void aFileWithMuchSupersededInValueFilesIsRewritten() {
        FileMeta file = sst(1, 5, "a", "b", share(11, 100 * MIB, 99 * MIB));
        List<SortedRun> much = List.of(new SortedRun(0, List.of(superseded(file, 20 * MIB))));
        Compaction picked = SupersededFiles.pick(input(much));
        assertThat(picked).isEqualTo(Compaction.rewrite(0, much.get(0).files()));
        List<SortedRun> less = List.of(new SortedRun(0, List.of(superseded(file, 19 * MIB))));
        assertThat(SupersededFiles.pick(input(less))).isNull();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private PickInput input(List<SortedRun> runs) {
        return new PickInput(
                runs,
                busy,
                100,
                Long.MAX_VALUE,
                64 * MIB,
                files -> {
                    throw new AssertionError("no range deletes are read");
                },
                new HiddenMemo(ValueGarbageTest::noShare),
                new Cancellation());
    }

    private static double noShare(FileMeta file, List<KeyRange> ranges, Cancellation cancellation) {
        throw new AssertionError("there are no range deletes");
    }

    @Test
    void withoutValueFilesThereIsNone() {
        List<SortedRun> runs = List.of(new SortedRun(0, List.of(sst(1, 5, "a", "b"))));
        ValueGarbage garbage = ValueGarbage.of(runs);
        assertThat(garbage.fileBytes()).isZero();
        assertThat(garbage.liveBytes()).isZero();
        assertThat(garbage.files()).isEmpty();
        assertThat(garbage.pick(input(runs), Long.MAX_VALUE)).isNull();
    }

    @Test
    void theEmptiestFilesAreGivenUpUntilTheRestIsNotTooMuch() {
        List<SortedRun> runs = List.of(
                new SortedRun(7, List.of(sst(1, 5, "a", "b", share(11, 100 * MIB, 60 * MIB)))),
                new SortedRun(
                        0,
                        List.of(
                                sst(2, 5, "a", "b", share(12, 100 * MIB, 10 * MIB), share(13, 100 * MIB, 50 * MIB)),
                                sst(3, 5, "c", "d", share(13, 100 * MIB, 40 * MIB)))));
        ValueGarbage garbage = ValueGarbage.of(runs);
        assertThat(garbage.fileBytes()).isEqualTo(300 * MIB);
        assertThat(garbage.liveBytes()).isEqualTo(160 * MIB);
        // 300 are above 208; without the garbage of 12 they are 210, without that of 11 as well 170
        assertThat(garbage.files()).containsExactly(id(12), id(11));
    }

    @Test
    void littleGarbageStays() {
        List<SortedRun> runs = List.of(new SortedRun(0, List.of(sst(1, 5, "a", "b", share(11, 100 * MIB, 77 * MIB)))));
        assertThat(ValueGarbage.of(runs).files()).isEmpty();
        List<SortedRun> more = List.of(new SortedRun(0, List.of(sst(1, 5, "a", "b", share(11, 100 * MIB, 76 * MIB)))));
        assertThat(ValueGarbage.of(more).files()).containsExactly(id(11));
    }

    /** What a file has beside its values is no garbage: a rewriting would write the same again, for ever. */
    @Test
    void whatIsBesideTheValuesIsNoGarbageAndHidesNone() {
        for (long frame : new long[] {60, 600, 4_300}) {
            ValueShare whole = new ValueShare(0, 11, frame + 1_000, frame, 1_000, "key");
            ValueShare half = new ValueShare(0, 12, frame + 10_000, frame, 5_000, "key");
            assertThat(garbageOf(whole)).isEmpty();
            assertThat(garbageOf(whole, half)).containsExactly(id(12));
        }
    }

    /** A tenth of the values lies in a tier, and may hide another tenth. */
    @Test
    void whatTiersMayHideIsNotMultipliedByGarbage() {
        FileMeta bottom = sst(1, 5, "a", "b", share(11, 125 * MIB, 100 * MIB));
        FileMeta tier = sst(2, 50, "a", "b", share(12, 10 * MIB, 10 * MIB));
        assertThat(ValueGarbage.of(List.of(new SortedRun(0, List.of(bottom)))).files())
                .isEmpty();
        SortedRun above = new SortedRun(7, List.of(tier));
        assertThat(ValueGarbage.of(List.of(above, new SortedRun(0, List.of(bottom))))
                        .files())
                .containsExactly(id(11));
        // or an entry of ten, 10 MiB in the mean, is deleted there
        SortedRun delete = new SortedRun(7, List.of(deletes(2, "a", "b", 1, 0)));
        FileMeta more = sst(1, 5, "a", "b", share(11, 128 * MIB, 100 * MIB));
        assertThat(ValueGarbage.of(List.of(delete, new SortedRun(0, List.of(more))))
                        .files())
                .containsExactly(id(11));
        // without a bottom they hide nothing, and tiers that wait for their merge are no reason to copy all that there
        // is
        assertThat(ValueGarbage.of(List.of(above, new SortedRun(3, List.of(bottom))))
                        .files())
                .isEmpty();
        SortedRun much = new SortedRun(7, List.of(sst(2, 50, "a", "b", share(12, 900 * MIB, 900 * MIB))));
        assertThat(ValueGarbage.of(List.of(much, new SortedRun(0, List.of(bottom))))
                        .files())
                .isEmpty();
    }

    private static Set<FileId> garbageOf(ValueShare... shares) {
        return ValueGarbage.of(List.of(new SortedRun(0, List.of(sst(1, 5, "a", "b", shares)))))
                .files();
    }

    /** Virtual files show parts of one SST, which was counted when it was written. */
    @Test
    void anSstThatIsShownTwiceCountsOnce() {
        FileMeta whole = sst(1, 5, "a", "z", share(11, 100 * MIB, 60 * MIB));
        FileMeta one = whole.clip(KeyRange.of(bytes("a"), bytes("c")));
        FileMeta other = whole.clip(KeyRange.of(bytes("x"), bytes("z")));
        List<SortedRun> runs = List.of(new SortedRun(0, List.of(one, other)));
        assertThat(ValueGarbage.of(runs).liveBytes()).isEqualTo(60 * MIB);
        assertThat(ValueGarbage.of(runs).files()).containsExactly(id(11));
    }

    /** As long as it is virtual, the values of its hidden part count, so that they would never be garbage. */
    @Test
    void aVirtualSstWithValuesIsRewrittenOnce() throws IOException {
        FileMeta whole = sst(1, 5, "a", "z", share(11, 100 * MIB, 100 * MIB));
        FileMeta part = whole.clip(KeyRange.of(bytes("a"), bytes("c")));
        for (long rank : new long[] {0, 3}) {
            Compaction picked = pick(List.of(new SortedRun(rank, List.of(part))));
            assertThat(picked.kind()).isEqualTo(Compaction.Kind.MERGE);
            assertThat(picked.files()).containsExactly(part);
            assertThat(picked.outputRank()).isEqualTo(rank);
        }
        assertThat(pick(List.of(new SortedRun(0, List.of(whole))))).isNull();
        FileMeta withoutValues = sst(1, 5, "a", "z").clip(KeyRange.of(bytes("a"), bytes("c")));
        assertThat(pick(List.of(new SortedRun(0, List.of(withoutValues))))).isNull();
        busy.add(part.id());
        assertThat(pick(List.of(new SortedRun(0, List.of(part))))).isNull();
    }

    private Compaction pick(List<SortedRun> runs) throws IOException {
        return PickerCases.pickAll(new PickInput(
                runs,
                busy,
                100,
                Long.MAX_VALUE,
                64 * MIB,
                files -> new Fragmenter().finish(),
                new HiddenMemo(ValueGarbageTest::noShare),
                new Cancellation()));
    }

    /** SSTs that ended because of their values would be joined to the same ones, for ever. */
    @Test
    void anSstWithManyValuesIsNotSmall() throws IOException {
        assertThat(pick(List.of(new SortedRun(0, bottomWithValuesOf(MIB)))).files())
                .hasSize(8);
        assertThat(pick(List.of(new SortedRun(0, bottomWithValuesOf(4 * 64 * MIB)))))
                .isNull();
        // eight of them would be two
        assertThat(pick(List.of(new SortedRun(0, bottomWithValuesOf(64 * MIB)))).files())
                .hasSizeLessThan(5);
    }

    private static List<FileMeta> bottomWithValuesOf(long bytes) {
        List<FileMeta> files = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String letter = Character.toString('a' + i);
            files.add(sst(20 + i, 5, letter, letter + "x", share(40 + i, bytes, bytes)));
        }
        return files;
    }

    @Test
    void anSstOfTheEmptiestFileIsRewrittenAlone() {
        FileMeta uncommitted = sst(1, 101, "a", "b", share(11, 100 * MIB, 5 * MIB));
        FileMeta other = sst(2, 5, "a", "b", share(12, 100 * MIB, 90 * MIB));
        FileMeta wanted = sst(3, 5, "c", "d", share(11, 100 * MIB, 5 * MIB));
        List<SortedRun> runs =
                List.of(new SortedRun(7, List.of(uncommitted)), new SortedRun(3, List.of(other, wanted)));
        Compaction picked = ValueGarbage.of(runs).pick(input(runs), Long.MAX_VALUE);
        assertThat(picked.kind()).isEqualTo(Compaction.Kind.MERGE);
        assertThat(picked.files()).containsExactly(wanted);
        assertThat(picked.outputRank()).isEqualTo(3);
        assertThat(ValueGarbage.of(runs).pick(input(runs), 4)).isNull();
        busy.add(wanted.id());
        assertThat(ValueGarbage.of(runs).pick(input(runs), Long.MAX_VALUE)).isNull();
    }

    /** Two tiers of 12 % each above a bottom of less than eight files, with as large a share of the values. */
    private Compaction pickedWith(long bytesOfValues) throws IOException {
        long above = bytesOfValues * 12 / 100;
        return pickedOf(12 * MIB / 10, above, 10 * MIB, bytesOfValues);
    }

    private Compaction pickedOf(long tier, long tierValues, long bottom, long bottomValues) throws IOException {
        List<SortedRun> runs = List.of(
                new SortedRun(7, List.of(sst(tier, 1, 70, "a", "m", shares(21, tierValues)))),
                new SortedRun(5, List.of(sst(tier, 2, 50, "a", "m", shares(22, tierValues)))),
                new SortedRun(0, List.of(sst(bottom, 3, 5, "a", "m", shares(23, bottomValues)))));
        return pick(runs);
    }

    private static ValueShare[] shares(long file, long bytes) {
        return bytes == 0 ? new ValueShare[0] : new ValueShare[] {share(file, bytes, bytes)};
    }

    /** What tiers hide takes the space of its values, and to merge them costs little. */
    @Test
    void tiersAreMergedEarlierWhereMostBytesAreInValueFiles() throws IOException {
        assertThat(pickedWith(0)).isNull();
        assertThat(pickedWith(9 * MIB)).isNull();
        Compaction picked = pickedWith(11 * MIB);
        assertThat(picked.isBottom()).isTrue();
        assertThat(picked.files()).hasSize(3);
    }

    /** A few long values are overwritten: the tiers have a hundredth of the bytes of the SSTs, but a fourth of those of the store. */
    @Test
    void tiersWeighTheValuesThatTheyReferTo() throws IOException {
        assertThat(pickedOf(MIB / 20, 0, 10 * MIB, 30 * MIB)).isNull();
        assertThat(pickedOf(MIB / 20, 2 * MIB, 10 * MIB, 30 * MIB)).isNull();
        assertThat(pickedOf(MIB / 20, 5 * MIB, 10 * MIB, 30 * MIB).files()).hasSize(3);
        // short values are most of the bytes: a merge would write them for little gain
        assertThat(pickedOf(MIB / 20, 2 * MIB, 20 * MIB, 9 * MIB)).isNull();
    }

    /** The more of a store is in value files, the less a merge writes, and the earlier it is due. */
    @Test
    void tiersAreMergedEarlierTheMoreBytesAreInValueFiles() throws IOException {
        // twice 6 % of the values, where SSTs are a thirtieth, a seventh and a third of the store
        assertThat(pickedOf(MIB / 20, 18 * MIB, 10 * MIB, 300 * MIB)).isNotNull();
        assertThat(pickedOf(MIB / 20, 36 * MIB / 10, 10 * MIB, 60 * MIB)).isNull();
        assertThat(pickedOf(MIB / 20, 48 * MIB / 10, 10 * MIB, 60 * MIB)).isNotNull();
        assertThat(pickedOf(MIB / 20, 12 * MIB / 10, 10 * MIB, 20 * MIB)).isNull();
    }

    /** Values are the smaller part of the bytes, and two thirds of them are hidden. */
    @Test
    void hiddenValuesMakeAMergeDueAlsoWhereMostBytesAreInSsts() throws IOException {
        assertThat(pickedOf(MIB / 20, MIB, 20 * MIB, 9 * MIB)).isNull();
        assertThat(pickedOf(MIB / 20, 35 * MIB / 10, 20 * MIB, 9 * MIB).files()).hasSize(3);
    }

    /** A merge copies all values of a short file, so that a small store has the write amplification of one without value files. */
    @Test
    void whereMergesCopyAllValuesTiersWeighAsMuchAsWithout() throws IOException {
        for (int percent : new int[] {20, 30}) {
            long tier = 3 * MIB * percent / 100;
            Compaction picked = pickedOf(tier / 50, tier, 3 * MIB / 50, 3 * MIB);
            assertThat(picked != null).isEqualTo(percent == 30);
        }
    }

    /** Tiers may have been merged to one, which hides most of the bottom and would wait for a second one. */
    @Test
    void oneTierIsEnoughWhereMostBytesAreInValueFiles() throws IOException {
        for (int percent : new int[] {7, 13}) {
            SortedRun tier = new SortedRun(7, List.of(sst(MIB / 20, 1, 70, "a", "m", shares(21, percent * 3 * MIB))));
            SortedRun bottom = new SortedRun(0, List.of(sst(10 * MIB, 3, 5, "a", "m", shares(23, 300 * MIB))));
            Compaction picked = pick(List.of(tier, bottom));
            assertThat(picked == null ? 0 : picked.files().size()).isEqualTo(percent < 10 ? 0 : 2);
        }
        SortedRun withoutValues = new SortedRun(7, List.of(sst(9 * MIB, 1, 70, "a", "m")));
        assertThat(pick(List.of(withoutValues, new SortedRun(0, List.of(sst(10 * MIB, 3, 5, "a", "m"))))))
                .isNull();
    }

    private static FileMeta deletes(long number, String from, String to, long points, long ranges) {
        SstInfo info = new SstInfo(1000, 1, 70, points, points, ranges, 0, null);
        return new FileMeta(id(number), info, KeyRange.of(bytes(from), bytes(to)), false, -1, null);
    }

    /** Ten entries of 100 MiB in all in one half of the keys, ten without values in the other half. */
    private static final SortedRun HALVES =
            new SortedRun(0, List.of(sst(1, 5, "a", "g", share(11, 100 * MIB, 100 * MIB)), sst(2, 5, "n", "z")));

    /** Where long values are, a delete hides a long one. */
    @Test
    void aDeleteWeighsWhatAnEntryBelowItDoes() throws IOException {
        assertThat(pick(List.of(
                        new SortedRun(7, List.of(deletes(3, "a", "g", 1, 0))),
                        new SortedRun(5, List.of(deletes(4, "a", "g", 1, 0))),
                        HALVES)))
                .isNotNull();
        assertThat(pick(List.of(
                        new SortedRun(7, List.of(deletes(3, "n", "z", 2, 0))),
                        new SortedRun(5, List.of(deletes(4, "n", "z", 2, 0))),
                        HALVES)))
                .isNull();
    }

    private long oldestSnapshot = Long.MAX_VALUE;
    private long durable = 100;

    /** One tier with range deletes at 60 over an SST of which they hide this part. */
    private Compaction pickedBelowRangeDeletes(double part, int rangeDeletes) throws IOException {
        return pickedBelowRangeDeletes(part, rangeDeletes, 1, 0);
    }

    /** Those whose number is {@code rest}, divided by {@code kinds}, hide all of it. */
    private Compaction pickedBelowRangeDeletes(double part, int rangeDeletes, int kinds, int rest) throws IOException {
        Fragmenter fragmenter = new Fragmenter();
        for (int i = 0; i < rangeDeletes; i++) {
            byte[] from = bytes(String.format("b%05d", i));
            fragmenter.add(from, Arrays.copyOf(from, from.length + 1), 60);
        }
        FragmentArray tombstones = fragmenter.finish();
        FileMeta tier = deletes(3, "a", "g", 0, rangeDeletes);
        List<SortedRun> runs = List.of(new SortedRun(7, List.of(tier)), HALVES);
        int[] looks = {0};
        HiddenMemo hidden = new HiddenMemo((file, ranges, cancellation) -> {
            looks[0]++;
            assertThat(file.id()).isEqualTo(id(1));
            double sum = 0;
            for (KeyRange range : ranges) {
                String from = new String(range.from(), StandardCharsets.UTF_8);
                sum += Integer.parseInt(from.substring(1, 6)) % kinds == rest ? kinds * part / rangeDeletes : 0;
            }
            return sum;
        });
        Compaction picked = PickerCases.pickAll(new PickInput(
                runs,
                busy,
                durable,
                oldestSnapshot,
                64 * MIB,
                files -> files.contains(tier) ? tombstones : FragmentArray.EMPTY,
                hidden,
                new Cancellation()));
        assertThat(looks[0]).isLessThanOrEqualTo(1);
        return picked;
    }

    /** An SST that is hidden in part would keep all its value files, and nothing else may ever be due. */
    @Test
    void whatRangeDeletesHideMakesAMergeDue() throws IOException {
        for (int rangeDeletes : new int[] {1, 7, 256, 257, 5000}) {
            assertThat(pickedBelowRangeDeletes(0.05, rangeDeletes)).isNull();
            Compaction picked = pickedBelowRangeDeletes(0.3, rangeDeletes);
            assertThat(picked.files()).extracting(FileMeta::id).containsExactly(id(3), id(1));
            assertThat(picked.isBottom()).isTrue();
        }
    }

    /** Values are the smaller part, and a tier that weighs nothing by values hides most of them. */
    @Test
    void aTierOfRangeDeletesAloneMakesAMergeDueAlsoWhereMostBytesAreInSsts() throws IOException {
        FileMeta tier = deletes(3, "a", "g", 0, 1);
        SortedRun bottom = new SortedRun(
                0, List.of(sst(1, 5, "a", "g", share(11, 100 * MIB, 100 * MIB)), sst(300 * MIB, 2, 5, "n", "z")));
        for (double part : new double[] {0.5, 0.95}) {
            Compaction picked = PickerCases.pickAll(new PickInput(
                    List.of(new SortedRun(7, List.of(tier)), bottom),
                    busy,
                    durable,
                    oldestSnapshot,
                    64 * MIB,
                    files -> new Fragmenter()
                            .add(bytes("a"), bytes(files.contains(tier) ? "f" : "a"), 60)
                            .finish(),
                    new HiddenMemo((file, ranges, cancellation) -> part),
                    new Cancellation()));
            assertThat(picked == null ? 0 : picked.files().size()).isEqualTo(part < 0.6 ? 0 : 2);
        }
    }

    @Test
    void rangeDeletesOfSeveralKindsMayTakeTurns() throws IOException {
        for (int kinds : new int[] {2, 3, 4}) {
            for (int rest = 0; rest < kinds; rest++) {
                assertThat(pickedBelowRangeDeletes(0.3, 256 * kinds, kinds, rest))
                        .isNotNull();
                assertThat(pickedBelowRangeDeletes(0.02, 256 * kinds, kinds, rest))
                        .isNull();
            }
        }
    }

    /** What a reader still sees, or a crash may bring back, is not hidden: a merge would not free it. */
    @Test
    void whatASnapshotStillSeesIsNotHidden() throws IOException {
        oldestSnapshot = 59;
        assertThat(pickedBelowRangeDeletes(0.9, 1)).isNull();
        oldestSnapshot = 60;
        assertThat(pickedBelowRangeDeletes(0.9, 1)).isNotNull();
        durable = 59; // the tier is not committed
        assertThat(pickedBelowRangeDeletes(0.9, 1)).isNull();
    }
}
