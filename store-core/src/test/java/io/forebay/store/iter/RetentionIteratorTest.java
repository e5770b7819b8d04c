package io.forebay.store.iter;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.CompactionFilter;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.rangedel.TombstoneSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a {@link RetentionIterator} keeps, drops and skips, case by case. */
class RetentionIteratorTest extends RetentionRuns {
    private static final byte[] A = {'a'};
    private static final byte[] B = {'b'};
    private static final byte[] NOTHING = {};

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

    private static String hex(String text) {
        return hex(text.getBytes(StandardCharsets.UTF_8));
    }

    private static WriteHistory retain(WriteHistory history, long[] states, OlderData older) {
        List<ModelEntry> kept = new ArrayList<>();
        List<Fragment> tombstones =
                run(List.of(history.source()), retention(states, Long.MAX_VALUE, older, null), List.of(), kept);
        return WriteHistory.of(kept, tombstones);
    }
}
