package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CompactionFilter;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RetentionIteratorTest {
    private static final byte[] A = {'a'};
    private static final byte[] B = {'b'};
    private static final byte[] NOTHING = {};

    @AfterEach
    void warningsAgain() {
        Configurator.setLevel(FoldedOperands.class.getName(), (Level) null);
    }

    @Test
    void keepsOneVersionOfEachStripe() {
        WriteHistory history = new WriteHistory();
        for (int i = 1; i <= 9; i++) {
            history.add(A, ValueKind.PUT, new byte[] {(byte) i});
        }
        WriteHistory kept = retain(history, new long[] {3, 7}, OlderData.UNKNOWN);
        assertThat(kept.entries()).extracting(ModelEntry::sequence).containsExactly(9L, 7L, 3L);
    }

    @Test
    void atTheBottomOnlyLiveValuesRemainWithoutSequences() {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, A)
                .add(A, ValueKind.DELETE, NOTHING)
                .add(B, ValueKind.PUT, A)
                .add(B, ValueKind.MERGE, B)
                .deleteRange(new byte[] {'c'}, null)
                .add(new byte[] {'d'}, ValueKind.MERGE, B);
        WriteHistory kept = retain(history, new long[0], OlderData.NONE);
        assertThat(kept.entries())
                .containsExactly(
                        new ModelEntry(B, 0, ValueKind.PUT, "a,b".getBytes(StandardCharsets.UTF_8)),
                        // no sequence 0 under a range delete
                        new ModelEntry(new byte[] {'d'}, 6, ValueKind.PUT, B));
        assertThat(kept.tombstones().isEmpty()).isTrue();
    }

    @Test
    void aboveOlderDataDeletesAndOperandsStay() {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, A)
                .add(A, ValueKind.DELETE, NOTHING)
                .add(B, ValueKind.MERGE, A)
                .add(B, ValueKind.MERGE, B)
                .deleteRange(new byte[] {'c'}, null);
        WriteHistory kept = retain(history, new long[0], OlderData.UNKNOWN);
        assertThat(kept.entries())
                .containsExactly(
                        new ModelEntry(A, 2, ValueKind.DELETE, NOTHING),
                        new ModelEntry(B, 4, ValueKind.MERGE, "a,b".getBytes(StandardCharsets.UTF_8)));
        assertThat(kept.tombstones().size()).isEqualTo(1);
    }

    @Test
    void anOperandOverADeleteBecomesAValue() {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.DELETE, NOTHING)
                .add(A, ValueKind.MERGE, B)
                .deleteRange(B, null)
                .add(B, ValueKind.MERGE, A);
        for (long[] states : new long[][] {{}, {1, 3}}) {
            WriteHistory kept = retain(history, states, OlderData.UNKNOWN);
            assertThat(kept.entries())
                    .filteredOn(entry -> entry.sequence() == 2 || entry.sequence() == 4)
                    .extracting(ModelEntry::kind)
                    .containsExactly(ValueKind.PUT, ValueKind.PUT);
        }
    }

    @Test
    void nothingAboveTheDurableCommitGetsSequenceZero() {
        WriteHistory history = new WriteHistory().add(A, ValueKind.PUT, A).add(B, ValueKind.PUT, A);
        List<ModelEntry> kept = new ArrayList<>();
        run(history.sources(List.of(2L)), retention(new long[0], 1, OlderData.NONE, null), List.of(), kept);
        assertThat(kept).extracting(ModelEntry::sequence).containsExactly(0L, 2L);
    }

    @Test
    void theFilterIsAskedForPlainValuesThatNoSnapshotNeeds() {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, "old".getBytes(StandardCharsets.UTF_8))
                .add(A, ValueKind.PUT, "drop".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.PUT, "drop".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.PUT, "keep".getBytes(StandardCharsets.UTF_8))
                .add(new byte[] {'c'}, ValueKind.MERGE, "drop".getBytes(StandardCharsets.UTF_8));
        CompactionFilter filter = (key, keyLength, value, length) ->
                Arrays.equals(Arrays.copyOf(value, length), "drop".getBytes(StandardCharsets.UTF_8));
        List<ModelEntry> kept = new ArrayList<>();
        run(history.sources(List.of(5L)), retention(new long[] {1}, -1, OlderData.UNKNOWN, filter), List.of(), kept);
        assertThat(kept)
                .extracting(ModelEntry::toString)
                .containsExactly(
                        "delete 61@2=",
                        "put 61@1=" + hex("old"),
                        "put 62@4=" + hex("keep"),
                        "merge 63@5=" + hex("drop"));
        kept.clear();
        run(history.sources(List.of(5L)), retention(new long[] {3}, -1, OlderData.NONE, filter), List.of(), kept);
        assertThat(kept)
                .extracting(ModelEntry::toString)
                .containsExactly(
                        "put 61@2=" + hex("drop"),
                        "put 62@4=" + hex("keep"),
                        "put 62@3=" + hex("drop"),
                        "put 63@5=" + hex("drop"));
    }

    @Test
    void seeksPastDeletedSpansWhenNoStateLiesBetween() {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            entries.add(new ModelEntry(new byte[] {'k', (byte) (i >> 8), (byte) i}, 1 + i, ValueKind.PUT, A));
        }
        WriteHistory newer = WriteHistory.of(List.of(), List.of(new Fragment(A, new byte[] {'z'}, new long[] {9000})));
        for (long[] states : new long[][] {{}, {9000}, {9500}}) {
            ListCursor cursor = new ListCursor(entries);
            List<ModelEntry> kept = new ArrayList<>();
            run(
                    List.of(newer.source(), Source.of(cursor)),
                    retention(states, -1, OlderData.NONE, null),
                    List.of(),
                    kept);
            assertThat(kept).isEmpty();
            assertThat(cursor.steps).isLessThan(3);
        }
    }

    /** Every kept state reads the same before and after, whatever lies below and however the output is cut. */
    @Test
    void keepsEveryState() {
        Seeds.run(getClass(), 6000, seed -> keepsEveryState(seed, false));
    }

    /** So do they when the merge function fails now and then, and operands stay as they were written. */
    @Test
    void keepsEveryStateWhoseOperandsCannotBeFolded() {
        Configurator.setLevel(FoldedOperands.class.getName(), Level.OFF);
        Seeds.run(getClass(), 6000, seed -> keepsEveryState(seed, true));
    }

    private static void keepsEveryState(long seed, boolean failing) {
        Random random = new Random(seed);
        WriteHistory history = WriteHistory.random(random, 1 + random.nextInt(70), true);
        long last = history.lastSequence();
        long below = random.nextBoolean() ? 0 : random.nextLong(last);
        WriteHistory older = history.part(0, below);
        WriteHistory input = history.part(below, last);
        long[] states = states(random, last);
        OlderData olderData = below == 0 ? OlderData.NONE : exactly(older, random);
        long zeroUpTo = random.nextInt(3) == 0 ? -1 : random.nextLong(last + 1);

        List<Long> cuts = input.cuts(random, 1 + random.nextInt(5));
        cuts.removeIf(cut -> cut <= below);
        List<Source> sources = new ArrayList<>();
        long above = below;
        for (long cut : cuts) {
            sources.add(0, history.part(above, cut).source());
            above = cut;
        }
        List<ModelEntry> kept = new ArrayList<>();
        Retention retention = failing
                ? new Retention(
                        states,
                        -1,
                        Long.MAX_VALUE,
                        zeroUpTo,
                        olderData,
                        failing(new Random(seed)),
                        null,
                        random.nextInt(40))
                : retention(states, zeroUpTo, olderData, null);
        List<Fragment> tombstones = run(sources, retention, fileCuts(random), kept);

        WriteHistory after = older.with(WriteHistory.of(kept, tombstones));
        for (long state : states) {
            assertSame(history.state(state), after.state(state), "state " + state);
        }
        assertSame(history.state(last), after.state(last), "newest state");
        if (failing) {
            return;
        }
        assertMinimal(kept, states);
        if (below == 0) {
            assertBottom(kept, tombstones, states, zeroUpTo);
        }
    }

    /** A commit inside of a flush: what is at or below it reads the same without the rest. */
    @Test
    void keepsBothSidesOfACommit() {
        Seeds.run(getClass(), 3000, seed -> {
            Random random = new Random(seed);
            WriteHistory history = WriteHistory.random(random, 2 + random.nextInt(70), true);
            long last = history.lastSequence();
            long commit = 1 + random.nextLong(last);
            long[] states = states(random, last);
            List<Long> cuts = history.cuts(random, 1 + random.nextInt(4));
            List<ModelEntry> lower = new ArrayList<>();
            List<ModelEntry> upper = new ArrayList<>();
            List<Fragment> lowerDeletes = run(
                    history.sources(cuts),
                    new Retention(states, -1, commit, -1, OlderData.NONE, WriteHistory.MERGE, null),
                    fileCuts(random),
                    lower);
            List<Fragment> upperDeletes = run(
                    history.sources(cuts),
                    new Retention(states, commit, Long.MAX_VALUE, -1, OlderData.UNKNOWN, WriteHistory.MERGE, null),
                    fileCuts(random),
                    upper);
            assertThat(lower).allMatch(entry -> entry.sequence() <= commit);
            assertThat(upper).allMatch(entry -> entry.sequence() > commit);
            WriteHistory committed = WriteHistory.of(lower, lowerDeletes);
            WriteHistory all = committed.with(WriteHistory.of(upper, upperDeletes));
            assertSame(history.state(commit), committed.state(commit), "commit");
            for (long state : states) {
                assertSame(history.state(state), all.state(state), "state " + state);
            }
            assertSame(history.state(last), all.state(last), "newest state");
        });
    }

    /** However many they are, of each source there is one in memory, and one that was cut out of them. */
    @Test
    void rangeDeletesAreHandedOnAsTheyAreRead() throws IOException {
        int count = 10_000;
        int[] read = new int[2];
        int[] handed = new int[1];
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < read.length; i++) {
            int number = i;
            sources.add(new Source(
                    new WriteHistory().source().iterator(),
                    deletesOf(() -> read[number] == count ? null : numbered(read[number]++, 10 + number))));
        }
        try (RetentionIterator iterator =
                new RetentionIterator(sources, retention(new long[] {10}, -1, OlderData.UNKNOWN, null))) {
            iterator.start(fragment -> {
                assertThat(fragment.sequences()).containsExactly(11, 10);
                handed[0]++;
                assertThat(Math.max(read[0], read[1])).isLessThanOrEqualTo(handed[0] + 3);
            });
            assertThat(iterator.isValid()).isFalse();
        }
        assertThat(handed[0]).isEqualTo(count);
    }

    private static Fragment numbered(int number, long sequence) {
        byte[] start = ByteBuffer.allocate(4).putInt(2 * number).array();
        return new Fragment(start, ByteBuffer.allocate(4).putInt(2 * number + 1).array(), new long[] {sequence});
    }

    /** For a walk only. */
    private static TombstoneSet deletesOf(FragmentCursor cursor) {
        return new TombstoneSet() {
            @Override
            public boolean isEmpty() {
                return false;
            }

            @Override
            public Fragment endingAfter(byte[] key, int offset, int length) {
                throw new AssertionError("There is no entry to ask for");
            }

            @Override
            public Fragment startingBefore(byte[] key, int offset, int length) {
                throw new AssertionError("There is no entry to ask for");
            }

            @Override
            public Fragment covering(byte[] key, int offset, int length) {
                throw new AssertionError("There is no entry to ask for");
            }

            @Override
            public FragmentCursor cursor() {
                return cursor;
            }

            @Override
            public long newestSequence() {
                return 11;
            }
        };
    }

    private static long[] states(Random random, long last) {
        TreeSet<Long> states = new TreeSet<>();
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) {
            states.add(random.nextLong(last + 1));
        }
        return states.stream().mapToLong(Long::longValue).toArray();
    }

    private static List<byte[]> fileCuts(Random random) {
        RandomKeys keys = new RandomKeys(random);
        TreeSet<byte[]> cuts = new TreeSet<>(Arrays::compareUnsigned);
        int count = random.nextInt(5);
        for (int i = 0; i < count; i++) {
            cuts.add(keys.key());
        }
        return new ArrayList<>(cuts);
    }

    /** Of each key and stripe one version at most. */
    private static void assertMinimal(List<ModelEntry> kept, long[] states) {
        Stripes stripes = new Stripes(states);
        ModelEntry previous = null;
        for (ModelEntry entry : kept) {
            if (previous != null) {
                assertThat(previous).isLessThan(entry);
                if (Arrays.equals(previous.key(), entry.key())) {
                    assertThat(stripes.of(previous.sequence())).isNotEqualTo(stripes.of(entry.sequence()));
                    boolean twoDeletes = previous.kind() == ValueKind.DELETE && entry.kind() == ValueKind.DELETE;
                    assertThat(twoDeletes).isFalse();
                }
            }
            previous = entry;
        }
    }

    /** With nothing below, deletes of all kinds have something to hide, and what can lose its sequence has lost it. */
    private static void assertBottom(List<ModelEntry> kept, List<Fragment> tombstones, long[] states, long zeroUpTo) {
        Map<String, ModelEntry> oldest = new HashMap<>();
        kept.forEach(entry -> oldest.put(hex(entry.key()), entry));
        for (ModelEntry entry : oldest.values()) {
            assertThat(entry.kind()).as("oldest version %s", entry).isEqualTo(ValueKind.PUT);
        }
        for (Fragment fragment : tombstones) {
            for (long sequence : fragment.sequences()) {
                assertThat(kept)
                        .as("prey of %s..@%s", hex(fragment.start()), sequence)
                        .anyMatch(entry -> WriteHistory.covers(fragment, entry.key()) && entry.sequence() < sequence);
            }
        }
        if (states.length == 0) {
            assertThat(tombstones).isEmpty();
            assertThat(kept).hasSameSizeAs(oldest.values());
        }
        for (ModelEntry entry : kept) {
            if (entry.sequence() == 0) {
                assertThat(tombstones).noneMatch(fragment -> WriteHistory.covers(fragment, entry.key()));
            }
        }
        assertThat(zeroUpTo < 0 && kept.stream().anyMatch(entry -> entry.sequence() == 0))
                .isFalse();
    }

    private static void assertSame(TreeMap<byte[], byte[]> expected, TreeMap<byte[], byte[]> actual, String what) {
        assertThat(print(actual)).as(what).isEqualTo(print(expected));
    }

    private static List<String> print(TreeMap<byte[], byte[]> state) {
        List<String> lines = new ArrayList<>();
        state.forEach((key, value) -> lines.add(hex(key) + "=" + hex(value)));
        return lines;
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    private static String hex(String text) {
        return hex(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Knows exactly which keys there are and where range deletes lie, or claims a bit more. */
    private static OlderData exactly(WriteHistory older, Random random) {
        boolean generous = random.nextBoolean();
        RangeTombstones deletes = older.tombstones();
        return new OlderData() {
            @Override
            public boolean mayContain(byte[] key, int length) {
                byte[] copy = Arrays.copyOf(key, length);
                return older.entries().stream().anyMatch(entry -> Arrays.equals(entry.key(), copy))
                        || deletes.covering(copy, 0, length) != null
                        || generous && length % 2 == 0;
            }

            @Override
            public boolean mayOverlap(byte[] from, byte[] to) {
                KeyRange range = KeyRange.of(from, to);
                for (Fragment fragment : deletes.fragments()) {
                    if (KeyRange.of(fragment.start(), fragment.end()).overlaps(range)) {
                        return true;
                    }
                }
                return generous || older.entries().stream().anyMatch(entry -> range.contains(entry.key()));
            }
        };
    }

    /** Throws, has no value, or does as it should. */
    private static MergeFunction failing(Random random) {
        return new MergeFunction() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                return switch (random.nextInt(4)) {
                    case 0 -> throw new ArithmeticException("now and then");
                    case 1 -> throw new StackOverflowError("now and then");
                    case 2 -> null;
                    default -> WriteHistory.MERGE.merge(key, values);
                };
            }
        };
    }

    private static Retention retention(long[] states, long zeroUpTo, OlderData older, CompactionFilter filter) {
        return new Retention(states, -1, Long.MAX_VALUE, zeroUpTo, older, WriteHistory.MERGE, filter);
    }

    private static WriteHistory retain(WriteHistory history, long[] states, OlderData older) {
        List<ModelEntry> kept = new ArrayList<>();
        List<Fragment> tombstones =
                run(List.of(history.source()), retention(states, Long.MAX_VALUE, older, null), List.of(), kept);
        return WriteHistory.of(kept, tombstones);
    }

    /** Runs it as an output would that cuts its files at the first key at or behind each of {@code fileCuts}. */
    private static List<Fragment> run(
            List<Source> sources, Retention retention, List<byte[]> fileCuts, List<ModelEntry> kept) {
        List<Fragment> tombstones = new ArrayList<>();
        int nextCut = 0;
        try (RetentionIterator iterator = new RetentionIterator(sources, retention)) {
            byte[] previous = null;
            for (iterator.start(tombstones::add); iterator.isValid(); iterator.next()) {
                ModelEntry entry = ModelEntry.of(iterator);
                assertThat(iterator.isFirstOfKey()).isEqualTo(!Arrays.equals(previous, entry.key()));
                while (nextCut < fileCuts.size() && Arrays.compareUnsigned(fileCuts.get(nextCut), entry.key()) <= 0) {
                    Fragment before = iterator.cutTombstone(fileCuts.get(nextCut++));
                    if (before != null) {
                        tombstones.add(before);
                    }
                }
                kept.add(entry);
                previous = entry.key();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (int i = 1; i < tombstones.size(); i++) {
            assertThat(Arrays.compareUnsigned(
                            tombstones.get(i - 1).end(), tombstones.get(i).start()))
                    .isLessThanOrEqualTo(0);
        }
        return tombstones;
    }
}
