package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
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

/** What a {@link RetentionIterator} keeps of random histories, for random states, cuts and data below. */
class RetentionPropertyTest extends RetentionRuns {
    @AfterEach
    void warningsAgain() {
        Configurator.setLevel(FoldedOperands.class.getName(), (Level) null);
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
}
