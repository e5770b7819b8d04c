package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergingIteratorTest {
    @Test
    void showsAllVersionsInOrder() throws IOException {
        MergingIterator merged = new MergingIterator(
                List.of(source(put("a", 9), put("c", 8)), source(put("a", 5), put("b", 4)), source(put("b", 1))),
                Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(rest(merged)).containsExactly(put("a", 9), put("a", 5), put("b", 4), put("b", 1), put("c", 8));
        merged.seekToLast();
        assertThat(restBackwards(merged))
                .containsExactly(put("c", 8), put("b", 1), put("b", 4), put("a", 5), put("a", 9));
    }

    @Test
    void isEmptyWithoutSourcesOrWithEmptyOnes() throws IOException {
        for (List<Source> sources : List.of(List.<Source>of(), List.of(source(), source()))) {
            MergingIterator merged = new MergingIterator(sources, Long.MAX_VALUE);
            merged.seekToFirst();
            assertThat(merged.isValid()).isFalse();
            merged.seekToLast();
            assertThat(merged.isValid()).isFalse();
            merged.seek(new byte[] {1}, 0, 1);
            assertThat(merged.isValid()).isFalse();
            merged.seekBefore(new byte[] {1}, 0, 1);
            assertThat(merged.isValid()).isFalse();
        }
    }

    @Test
    void leavesOutWhatIsAboveTheLimit() throws IOException {
        MergingIterator merged =
                new MergingIterator(List.of(source(put("a", 9), put("b", 6)), source(put("a", 5), put("b", 4))), 6);
        merged.seekToFirst();
        assertThat(rest(merged)).containsExactly(put("a", 5), put("b", 6), put("b", 4));
    }

    @Test
    void entriesOfSequenceZeroAreOrderedByTheAgeOfTheirSource() throws IOException {
        MergingIterator merged = new MergingIterator(List.of(source(put("a", 3)), source(put("a", 0))), 10);
        merged.seekToLast();
        assertThat(restBackwards(merged)).containsExactly(put("a", 0), put("a", 3));
    }

    @Test
    void seeksPastARangeDeleteOfANewerSource() throws IOException {
        int dead = 10_000;
        ListCursor old = new ListCursor(numbered(0, dead, 1));
        RangeTombstones tombstones =
                new Fragmenter().add(number(1), number(dead - 1), 50_000).finish();
        MergingIterator merged = new MergingIterator(
                List.of(new Source(new ListCursor(List.of()), tombstones), Source.of(old)), Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(rest(merged)).hasSize(2);
        merged.seekToLast();
        assertThat(restBackwards(merged)).hasSize(2);
        merged.seek(number(5000), 0, 8);
        assertThat(merged.copyKey()).isEqualTo(number(dead - 1));
        merged.seekBefore(number(5000), 0, 8);
        assertThat(merged.copyKey()).isEqualTo(number(0));
        assertThat(old.steps).isLessThan(10);
        assertThat(old.seeks).isLessThan(10);
    }

    @Test
    void seeksOnceOverFragmentsWithoutAGap() throws IOException {
        int dead = 10_000;
        ListCursor old = new ListCursor(numbered(0, dead, 1));
        Fragmenter first = new Fragmenter();
        Fragmenter second = new Fragmenter();
        for (int i = 0; i < dead; i += 4) {
            first.add(number(i), number(i + 2), 50_000 + i);
            second.add(number(i + 2), number(i + 4), 20_000 + i);
        }
        MergingIterator merged = new MergingIterator(
                List.of(
                        new Source(new ListCursor(List.of()), first.finish()),
                        new Source(new ListCursor(List.of()), second.finish()),
                        Source.of(old)),
                Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(merged.isValid()).isFalse();
        merged.seekToLast();
        assertThat(merged.isValid()).isFalse();
        assertThat(old.steps + old.seeks).isLessThan(6);
    }

    @Test
    void doesNotEvenPositionASourceThatIsDeadToTheEnd() throws IOException {
        ListCursor old = new ListCursor(numbered(0, 100, 1));
        RangeTombstones all = new Fragmenter().add(new byte[0], null, 500).finish();
        MergingIterator merged = new MergingIterator(
                List.of(new Source(new ListCursor(List.of()), all), Source.of(old)), Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(merged.isValid()).isFalse();
        assertThat(old.steps + old.seeks).isZero();
    }

    @Test
    void newEntriesUnderARangeDeleteOfTheirOwnSourceLive() throws IOException {
        RangeTombstones own = new Fragmenter()
                .add("a".getBytes(StandardCharsets.UTF_8), "z".getBytes(StandardCharsets.UTF_8), 5)
                .finish();
        MergingIterator merged = new MergingIterator(
                List.of(new Source(
                        new ListCursor(List.of(put("b", 7), put("b", 3), put("c", 2), put("d", 6), put("z", 1))), own)),
                Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(rest(merged)).containsExactly(put("b", 7), put("d", 6), put("z", 1));
    }

    @Test
    void aRangeDeleteAboveTheLimitDoesNotExist() throws IOException {
        RangeTombstones tombstones = new Fragmenter()
                .add(new byte[0], null, 5)
                .add(new byte[0], null, 2)
                .finish();
        List<Source> sources =
                List.of(new Source(new ListCursor(List.of()), tombstones), source(put("a", 3), put("b", 1)));
        MergingIterator merged = new MergingIterator(sources, 4);
        merged.seekToFirst();
        // Impossible in a store (3 would be in a newer source than 2), and so dead as a whole.
        assertThat(merged.isValid()).isFalse();
        MergingIterator before =
                new MergingIterator(List.of(new Source(new ListCursor(List.of()), tombstones), source(put("b", 1))), 1);
        before.seekToFirst();
        assertThat(rest(before)).containsExactly(put("b", 1));
    }

    @Test
    void closesAllSources() {
        List<ListCursor> cursors = List.of(new ListCursor(List.of()), new ListCursor(List.of()));
        new MergingIterator(cursors.stream().map(Source::of).toList(), 1).close();
        assertThat(cursors).allMatch(ListCursor::isClosed);
    }

    @Test
    void aRunOfOneSourceTakesNoMoreThanItsSteps() throws IOException {
        ListCursor left = new ListCursor(numbered(0, 1000, 2000));
        ListCursor right = new ListCursor(numbered(1000, 2000, 1));
        MergingIterator merged = new MergingIterator(List.of(Source.of(left), Source.of(right)), Long.MAX_VALUE);
        merged.seekToFirst();
        assertThat(rest(merged)).hasSize(2000);
        assertThat(left.steps).isEqualTo(1000);
        assertThat(right.steps).isEqualTo(1000);
        assertThat(left.seeks + right.seeks).isEqualTo(2);
    }

    /** Any walk over random histories, turning at every step now and then, agrees with the sorted list. */
    @Test
    void agreesWithTheSortedListOnEveryWalk() {
        Seeds.run(getClass(), 4000, MergingIteratorTest::walk);
    }

    private static void walk(long seed) {
        Random random = new Random(seed);
        WriteHistory history = WriteHistory.random(random, random.nextInt(60), true);
        List<Long> cuts = history.cuts(random, 1 + random.nextInt(6));
        long limit = random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextLong(history.lastSequence() + 2);
        List<ModelEntry> expected = history.visibleVersions(limit);
        MergingIterator merged = new MergingIterator(history.sources(cuts), limit);
        RandomKeys keys = new RandomKeys(random);
        boolean turning = random.nextBoolean();
        int at = -1;
        try {
            for (int step = 0; step < 60; step++) {
                int dice = at < 0 || at >= expected.size() ? random.nextInt(4) : random.nextInt(turning ? 16 : 40);
                byte[] target = keys.key();
                switch (dice) {
                    case 0 -> {
                        merged.seekToFirst();
                        at = 0;
                    }
                    case 1 -> {
                        merged.seekToLast();
                        at = expected.size() - 1;
                    }
                    case 2 -> {
                        merged.seek(target, 0, target.length);
                        at = firstAtOrAfter(expected, target);
                    }
                    case 3 -> {
                        merged.seekBefore(target, 0, target.length);
                        at = firstAtOrAfter(expected, target) - 1;
                    }
                    default -> {
                        if (turning ? dice % 2 == 0 : dice < 24) {
                            merged.next();
                            at++;
                        } else {
                            merged.prev();
                            at--;
                        }
                    }
                }
                boolean inside = at >= 0 && at < expected.size();
                assertThat(merged.isValid()).isEqualTo(inside);
                if (inside) {
                    assertThat(ModelEntry.of(merged.current())).isEqualTo(expected.get(at));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int firstAtOrAfter(List<ModelEntry> entries, byte[] target) {
        int at = 0;
        while (at < entries.size() && Arrays.compareUnsigned(entries.get(at).key(), target) < 0) {
            at++;
        }
        return at;
    }

    /** A covered span costs a source at most one seek, however many entries lie in it. */
    @Test
    void walksNoCoveredSpan() {
        Seeds.run(getClass(), 300, seed -> {
            Random random = new Random(seed);
            int size = 2000;
            List<ListCursor> cursors = new ArrayList<>();
            List<Source> sources = new ArrayList<>();
            int spans = 0;
            int count = 2 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                Fragmenter fragmenter = new Fragmenter();
                for (int j = 0; j < 4; j++) {
                    int from = random.nextInt(size);
                    fragmenter.add(number(from), number(from + 1 + random.nextInt(400)), (count - i) * 10L + 5);
                    spans++;
                }
                ListCursor cursor = new ListCursor(i == 0 ? List.of() : numbered(0, size, (count - i) * 10L + 7));
                cursors.add(cursor);
                sources.add(new Source(cursor, i == count - 1 ? RangeTombstones.NONE : fragmenter.finish()));
            }
            MergingIterator merged = new MergingIterator(sources, Long.MAX_VALUE);
            try {
                merged.seekToFirst();
                int shown = rest(merged).size();
                int moves = cursors.stream()
                        .mapToInt(cursor -> cursor.steps + cursor.seeks)
                        .sum();
                assertThat(moves).isLessThanOrEqualTo(shown + count * (1 + spans));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Neither entries that their own source deletes nor fragments of a newer one are walked beyond the bounds. */
    @Test
    void passesNothingDeadBeyondTheBounds() throws IOException {
        int size = 10_000;
        Fragmenter single = new Fragmenter();
        for (int i = 0; i < size; i += 2) {
            single.add(number(i), number(i + 2), 20_000 + i);
        }
        RangeTombstones tombstones = single.finish();
        KeyRange bounds = KeyRange.of(number(5000), number(5010));
        ListCursor own = new ListCursor(numbered(0, size, 1));
        ListCursor older = new ListCursor(numbered(0, size, 1));
        MergingIterator merged = new MergingIterator(
                List.of(new Source(own, tombstones), Source.of(older)), Long.MAX_VALUE, EmptySpans.NONE, bounds);
        merged.seek(bounds.from(), 0, bounds.from().length);
        assertThat(merged.isValid()).isFalse();
        merged.seekBefore(bounds.to(), 0, bounds.to().length);
        assertThat(merged.isValid()).isFalse();
        assertThat(own.steps + older.steps).isLessThanOrEqualTo(20);
        assertThat(own.seeks + older.seeks).isLessThanOrEqualTo(8);
    }

    private static ModelEntry put(String key, long sequence) {
        return new ModelEntry(
                key.getBytes(StandardCharsets.UTF_8),
                sequence,
                ValueKind.PUT,
                (key + sequence).getBytes(StandardCharsets.UTF_8));
    }

    private static Source source(ModelEntry... entries) {
        return Source.of(new ListCursor(List.of(entries)));
    }

    private static byte[] number(int i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    private static List<ModelEntry> numbered(int from, int to, long sequence) {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = from; i < to; i++) {
            entries.add(new ModelEntry(number(i), sequence, ValueKind.PUT, new byte[] {1}));
        }
        return entries;
    }

    private static List<ModelEntry> rest(MergingIterator merged) throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (; merged.isValid(); merged.next()) {
            entries.add(ModelEntry.of(merged.current()));
        }
        return entries;
    }

    private static List<ModelEntry> restBackwards(MergingIterator merged) throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (; merged.isValid(); merged.prev()) {
            entries.add(ModelEntry.of(merged.current()));
        }
        return entries;
    }
}
