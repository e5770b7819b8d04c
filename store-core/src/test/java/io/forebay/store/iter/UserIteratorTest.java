package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.key.ValueKind;
import io.forebay.store.testing.Batches;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class UserIteratorTest {
    private static final byte[] A = {'a'};
    private static final byte[] B = {'b'};
    private static final byte[] C = {'c'};
    /** Behind all keys of the tests. */
    private static final byte[] LAST = new byte[600];

    static {
        Arrays.fill(LAST, (byte) 0xFF);
    }

    @Test
    void showsTheNewestVersionAndNoDeletes() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, "a1".getBytes(StandardCharsets.UTF_8))
                .add(A, ValueKind.PUT, "a2".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.PUT, "b1".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.DELETE, new byte[0])
                .add(C, ValueKind.PUT, new byte[0]);
        UserIterator iterator = over(history, KeyRange.all(), Long.MAX_VALUE);
        iterator.seekToFirst();
        assertThat(iterator.key()).isEqualTo(A);
        assertThat(iterator.value()).isEqualTo("a2".getBytes(StandardCharsets.UTF_8));
        iterator.next();
        assertThat(iterator.key()).isEqualTo(C);
        assertThat(iterator.value()).isEmpty();
        iterator.next();
        assertThat(iterator.isValid()).isFalse();
        assertThatThrownBy(iterator::next).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(iterator::key).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void foldsOperandsBothWays() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, "1".getBytes(StandardCharsets.UTF_8))
                .add(A, ValueKind.MERGE, "2".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.PUT, "gone".getBytes(StandardCharsets.UTF_8))
                .deleteRange(B, C)
                .add(B, ValueKind.MERGE, "3".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.MERGE, "4".getBytes(StandardCharsets.UTF_8))
                .add(C, ValueKind.MERGE, "5".getBytes(StandardCharsets.UTF_8));
        UserIterator iterator = over(history, KeyRange.all(), Long.MAX_VALUE);
        iterator.seekToFirst();
        List<String> forward = new ArrayList<>();
        for (; iterator.isValid(); iterator.next()) {
            forward.add(new String(iterator.value(), StandardCharsets.UTF_8));
        }
        assertThat(forward).containsExactly("1,2", "3,4", "5");
        iterator.seekToLast();
        List<String> backward = new ArrayList<>();
        for (; iterator.isValid(); iterator.prev()) {
            backward.add(new String(iterator.value(), StandardCharsets.UTF_8));
        }
        assertThat(backward).containsExactly("5", "3,4", "1,2");
    }

    @Test
    void operandsWithoutAMergeFunctionAreRefused() throws IOException {
        WriteHistory history = new WriteHistory().add(A, ValueKind.PUT, B).add(A, ValueKind.MERGE, B);
        UserIterator iterator = new UserIterator(List.of(history.source()), KeyRange.all(), Long.MAX_VALUE, null);
        assertThatThrownBy(iterator::seekToFirst).hasMessageContaining("merge function");
        assertThat(iterator.isValid()).isFalse();
    }

    @Test
    void seeksOverALongHistoryOfOneKey() throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        for (int sequence = 10_000; sequence > 1; sequence--) {
            entries.add(new ModelEntry(A, sequence, ValueKind.PUT, B));
        }
        entries.add(new ModelEntry(B, 1, ValueKind.PUT, B));
        ListCursor cursor = new ListCursor(entries);
        UserIterator iterator = new UserIterator(List.of(Source.of(cursor)), KeyRange.all(), Long.MAX_VALUE, null);
        iterator.seekToFirst();
        iterator.next();
        assertThat(iterator.key()).isEqualTo(B);
        assertThat(cursor.steps).isLessThan(20);
    }

    @Test
    void valueBuffersAreFilledExactly() throws IOException {
        WriteHistory history = new WriteHistory()
                .add(A, ValueKind.PUT, "abc".getBytes(StandardCharsets.UTF_8))
                .add(B, ValueKind.PUT, new byte[0]);
        UserIterator iterator = over(history, KeyRange.all(), Long.MAX_VALUE);
        ValueBuffer buffer = new ValueBuffer(1);
        iterator.seekToFirst();
        iterator.value(buffer);
        assertThat(buffer.toByteArray()).isEqualTo("abc".getBytes(StandardCharsets.UTF_8));
        iterator.next();
        iterator.value(buffer);
        assertThat(buffer.length()).isZero();
        iterator.prev();
        iterator.value(buffer);
        assertThat(buffer.toByteArray()).isEqualTo("abc".getBytes(StandardCharsets.UTF_8));
    }

    /** Any walk within random bounds, turning at every step now and then, agrees with a sorted map. */
    @Test
    void agreesWithASortedMapOnEveryWalk() {
        Seeds.run(getClass(), 4000, UserIteratorTest::walk);
    }

    private static void walk(long seed) {
        Random random = new Random(seed);
        RandomKeys keys = new RandomKeys(random);
        WriteHistory history = WriteHistory.random(random, random.nextInt(80), true);
        List<Long> cuts = history.cuts(random, 1 + random.nextInt(5));
        long limit = random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextLong(history.lastSequence() + 2);
        KeyRange bounds = random.nextInt(3) == 0 ? KeyRange.all() : keys.range();
        TreeMap<byte[], byte[]> all = history.state(limit);
        all.keySet().removeIf(key -> !bounds.contains(key));
        boolean turning = random.nextBoolean();
        UserIterator iterator = new UserIterator(
                history.sources(cuts),
                bounds,
                limit,
                WriteHistory.MERGE,
                emptySpans(history.state(limit), keys, random),
                (from, to) -> assertThat(
                                new TreeMap<>(history.state(limit)).subMap(from, true, to == null ? LAST : to, false))
                        .isEmpty());
        Map.Entry<byte[], byte[]> expected = null;
        try {
            for (int step = 0; step < 50; step++) {
                byte[] target = keys.key();
                int dice = expected == null ? random.nextInt(4) : random.nextInt(turning ? 16 : 40);
                switch (dice) {
                    case 0 -> {
                        iterator.seekToFirst();
                        expected = all.firstEntry();
                    }
                    case 1 -> {
                        iterator.seekToLast();
                        expected = all.lastEntry();
                    }
                    case 2 -> {
                        iterator.seek(padded(target), 1, target.length);
                        expected = all.ceilingEntry(target);
                    }
                    case 3 -> {
                        iterator.seekForPrev(padded(target), 1, target.length);
                        expected = all.floorEntry(target);
                    }
                    case 4 -> {
                        EntryBatch batch = Batches.random(random);
                        iterator.nextBatch(batch);
                        expected = Batches.assertHolds(batch, all, expected, "step " + step);
                    }
                    default -> {
                        if (turning ? dice % 2 == 0 : dice < 24) {
                            iterator.next();
                            expected = all.higherEntry(expected.getKey());
                        } else {
                            iterator.prev();
                            expected = all.lowerEntry(expected.getKey());
                        }
                    }
                }
                check(iterator, expected);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Some spans between neighbours in the state. */
    private static EmptySpans emptySpans(TreeMap<byte[], byte[]> state, RandomKeys keys, Random random) {
        EmptySpans spans = EmptySpans.NONE;
        for (int i = random.nextInt(5); i > 0; i--) {
            byte[] from = keys.key();
            byte[] live = state.ceilingKey(from);
            byte[] to = random.nextBoolean() ? live : keys.key();
            boolean empty = live == null || to != null && Arrays.compareUnsigned(to, live) <= 0;
            if (empty && (to == null || Arrays.compareUnsigned(from, to) < 0)) {
                spans = spans.with(from, to);
            }
        }
        return spans;
    }

    /** The head of a queue moves on; each reader begins at the first key that ever was. */
    @Test
    void theReadersOfAQueueDoNotWalkOverWhatOthersHaveWalkedOver() throws IOException {
        int count = 5000;
        int steps = 0;
        EmptySpans[] spans = {EmptySpans.NONE};
        for (int head = 0; head < count; head++) {
            ListCursor cursor = new ListCursor(queue(head, count));
            UserIterator iterator = reader(cursor, spans);
            iterator.seekToFirst();
            assertThat(iterator.key()).isEqualTo(number(head));
            steps += cursor.steps;
        }
        assertThat(steps).isLessThan(20 * count);
    }

    /** As above, of a stack whose top comes down. */
    @Test
    void theReadersOfAStackDoNotWalkOverWhatOthersHaveWalkedOver() throws IOException {
        int count = 5000;
        int steps = 0;
        EmptySpans[] spans = {EmptySpans.NONE};
        for (int top = count; top > 0; top--) {
            List<ModelEntry> entries = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                entries.add(new ModelEntry(number(i), 1, i < top ? ValueKind.PUT : ValueKind.DELETE, new byte[0]));
            }
            ListCursor cursor = new ListCursor(entries);
            UserIterator iterator = reader(cursor, spans);
            iterator.seekToLast();
            assertThat(iterator.key()).isEqualTo(number(top - 1));
            steps += cursor.steps;
        }
        assertThat(steps).isLessThan(20 * count);
    }

    /** A scan that comes across an empty span jumps over it, both ways. */
    @Test
    void aScanJumpsOverAnEmptySpan() throws IOException {
        List<ModelEntry> entries = queue(0, 10_000);
        for (int i = 1; i < 9_999; i++) {
            entries.set(i, new ModelEntry(number(i), 1, ValueKind.DELETE, new byte[0]));
        }
        ListCursor cursor = new ListCursor(entries);
        EmptySpans[] spans = {EmptySpans.NONE.with(number(5), number(9_990))};
        UserIterator iterator = reader(cursor, spans);
        iterator.seekToFirst();
        iterator.next();
        assertThat(iterator.key()).isEqualTo(number(9_999));
        iterator.prev();
        assertThat(iterator.key()).isEqualTo(number(0));
        assertThat(cursor.steps).isLessThan(50);
    }

    private static UserIterator reader(ListCursor cursor, EmptySpans[] spans) {
        return new UserIterator(
                List.of(Source.of(cursor)),
                KeyRange.all(),
                Long.MAX_VALUE,
                null,
                spans[0],
                (from, to) -> spans[0] = spans[0].with(from, to));
    }

    private static List<ModelEntry> queue(int head, int count) {
        List<ModelEntry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(new ModelEntry(number(i), 1, i < head ? ValueKind.DELETE : ValueKind.PUT, new byte[0]));
        }
        return entries;
    }

    private static byte[] number(int i) {
        return new byte[] {(byte) (i >>> 8), (byte) i};
    }

    private static void check(UserIterator iterator, Map.Entry<byte[], byte[]> expected) throws IOException {
        assertThat(iterator.isValid()).isEqualTo(expected != null);
        if (expected != null) {
            assertThat(iterator.key()).isEqualTo(expected.getKey());
            assertThat(Arrays.copyOf(iterator.keyArray(), iterator.keyLength())).isEqualTo(expected.getKey());
            assertThat(iterator.value()).isEqualTo(expected.getValue());
            assertThat(iterator.valueLength()).isEqualTo(expected.getValue().length);
            ValueBuffer buffer = new ValueBuffer(0);
            iterator.value(buffer);
            assertThat(buffer.toByteArray()).isEqualTo(expected.getValue());
        }
    }

    private static byte[] padded(byte[] key) {
        byte[] padded = new byte[key.length + 2];
        System.arraycopy(key, 0, padded, 1, key.length);
        padded[key.length + 1] = 'x';
        return padded;
    }

    private static UserIterator over(WriteHistory history, KeyRange bounds, long limit) {
        return new UserIterator(List.of(history.source()), bounds, limit, WriteHistory.MERGE);
    }
}
