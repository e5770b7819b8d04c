package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CompactionFilter;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What each operation of a store does, seen from outside. */
@Tag("smoke")
class StoreTest {
    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore files = new CrashFileStore();
    private Store store = stepped.open(files, options());

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ','));
    }

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
        assertThat(files.openReaders()).isZero();
    }

    @Test
    void getsWhatWasPut() {
        assertThat(get("a")).isNull();
        put("a", "1");
        assertThat(get("a")).isEqualTo("1");
        put("a", "2");
        assertThat(get("a")).isEqualTo("2");
        store.delete(bytes("a"));
        assertThat(get("a")).isNull();
    }

    @Test
    void emptyKeysAndValuesAreOrdinary() {
        put("", "");
        assertThat(get("")).isEmpty();
        store.flush();
        assertThat(get("")).isEmpty();
        assertThat(scan(KeyRange.all())).containsExactly("=");
    }

    @Test
    void readsAndWritesSlicesOfArrays() {
        byte[] key = bytes("xxkeyxx");
        byte[] value = bytes("__value");
        store.put(key, 2, 3, value, 2, 5);
        ValueBuffer buffer = new ValueBuffer(1);
        assertThat(store.get(bytes("-key"), 1, 3, buffer)).isTrue();
        assertThat(new String(buffer.toByteArray(), UTF_8)).isEqualTo("value");
        store.merge(key, 2, 3, value, 0, 1);
        assertThat(get("key")).isEqualTo("value,_");
        store.delete(key, 2, 3);
        assertThat(store.get(bytes("-key"), 1, 3, buffer)).isFalse();
        assertThat(buffer.length()).isEqualTo(5);
    }

    @Test
    void arraysHandedInMayBeReused() {
        byte[] key = bytes("a");
        byte[] value = bytes("1");
        byte[] from = bytes("x");
        byte[] to = bytes("z");
        store.put(key, value);
        store.put(bytes("y"), value);
        store.deleteRange(from, to);
        Arrays.fill(key, (byte) 0);
        Arrays.fill(value, (byte) 0);
        Arrays.fill(from, (byte) 0);
        Arrays.fill(to, (byte) 0);
        assertThat(scan(KeyRange.all())).containsExactly("a=1");
    }

    @Test
    void mergesOperandsWithWhatIsThere() {
        store.merge(bytes("list"), bytes("1"));
        store.merge(bytes("list"), bytes("2"));
        assertThat(get("list")).isEqualTo("1,2");
        store.flush();
        store.merge(bytes("list"), bytes("3"));
        assertThat(get("list")).isEqualTo("1,2,3");
        store.delete(bytes("list"));
        store.merge(bytes("list"), bytes("4"));
        assertThat(get("list")).isEqualTo("4");
        store.compact();
        assertThat(get("list")).isEqualTo("4");
    }

    @Test
    void deletesRangesAndPrefixes() {
        for (String key : List.of("a", "b", "ba", "bb", "c", "d")) {
            put(key, "1");
        }
        store.flush();
        store.deletePrefix(bytes("b"));
        assertThat(scan(KeyRange.all())).containsExactly("a=1", "c=1", "d=1");
        put("bb", "2");
        store.deleteRange(bytes("c"), null);
        assertThat(scan(KeyRange.all())).containsExactly("a=1", "bb=2");
        store.deleteRange(bytes("z"), bytes("a"));
        assertThat(scan(KeyRange.all())).containsExactly("a=1", "bb=2");
        store.deletePrefix(new byte[0]);
        assertThat(scan(KeyRange.all())).isEmpty();
    }

    @Test
    void readsManyKeysFromOneState() {
        put("a", "1");
        store.flush();
        put("c", "3");
        List<byte[]> values = store.multiGet(List.of(bytes("c"), bytes("b"), bytes("a"), bytes("a")));
        assertThat(values.stream().map(value -> value == null ? null : new String(value, UTF_8)))
                .containsExactly("3", null, "1", "1");
    }

    @Test
    void scansWithinBoundsBothWays() {
        for (String key : List.of("a", "b", "c", "d")) {
            put(key, key);
        }
        store.flush();
        store.delete(bytes("c"));
        assertThat(scan(KeyRange.of(bytes("b"), bytes("d")))).containsExactly("b=b");
        assertThat(scan(KeyRange.closed(bytes("b"), bytes("d")))).containsExactly("b=b", "d=d");
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            assertThat(iterator.isValid()).isFalse();
            iterator.seekForPrev(bytes("cc"));
            assertThat(iterator.key()).isEqualTo(bytes("b"));
            iterator.next();
            assertThat(iterator.key()).isEqualTo(bytes("d"));
            iterator.prev();
            iterator.prev();
            assertThat(iterator.key()).isEqualTo(bytes("a"));
            iterator.prev();
            assertThat(iterator.isValid()).isFalse();
            assertThatThrownBy(iterator::key).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(iterator::next).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void anIteratorSeesTheStateOfItsBeginning() {
        put("a", "1");
        put("b", "1");
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            put("a", "2");
            store.delete(bytes("b"));
            put("c", "2");
            store.deleteRange(bytes("a"), bytes("b"));
            store.flush();
            store.compact();
            assertThat(scan(iterator)).containsExactly("a=1", "b=1");
        }
        assertThat(scan(KeyRange.all())).containsExactly("c=2");
    }

    @Test
    void aSnapshotKeepsItsStateThroughFlushAndCompaction() {
        put("a", "1");
        put("b", "1");
        store.merge(bytes("m"), bytes("1"));
        Snapshot snapshot = store.snapshot();
        put("a", "2");
        store.deleteRange(bytes("b"), bytes("c"));
        store.merge(bytes("m"), bytes("2"));
        store.commitDurably(new byte[0]);
        store.compact();
        assertThat(new String(snapshot.get(bytes("a")), UTF_8)).isEqualTo("1");
        try (StoreIterator iterator = snapshot.iterator(KeyRange.all())) {
            snapshot.close();
            assertThat(scan(iterator)).containsExactly("a=1", "b=1", "m=1");
            assertThatThrownBy(() -> snapshot.get(bytes("a"))).isInstanceOf(StoreClosedException.class);
        }
        assertThat(scan(KeyRange.all())).containsExactly("a=2", "m=1,2");
        snapshot.close();
        assertThat(store.statistics().openSnapshots()).isZero();
    }

    @Test
    void aSnapshotInTheMemtableSurvivesOverwritesInPlace() {
        put("a", "0");
        put("a", "1");
        try (Snapshot snapshot = store.snapshot()) {
            for (int i = 2; i < 50; i++) {
                put("a", Integer.toString(i));
            }
            assertThat(new String(snapshot.get(bytes("a")), UTF_8)).isEqualTo("1");
            assertThat(get("a")).isEqualTo("49");
        }
    }

    @Test
    void aBatchTakesEffectAsOne() {
        put("a", "1");
        WriteBatch batch = new WriteBatch()
                .put(bytes("b"), bytes("1"))
                .delete(bytes("a"))
                .merge(bytes("m"), bytes("1"))
                .merge(bytes("m"), bytes("2"))
                .put(bytes("c"), bytes("1"))
                .deleteRange(bytes("c"), null)
                .put(bytes("d"), bytes("1"));
        long before = store.statistics().writes();
        store.write(batch);
        assertThat(store.statistics().writes() - before).isEqualTo(batch.count());
        assertThat(scan(KeyRange.all())).containsExactly("b=1", "d=1");
        batch.clear();
        store.write(batch);
        assertThat(scan(KeyRange.all())).containsExactly("b=1", "d=1");
    }

    @Test
    void aBatchLargerThanAllMemtablesIsStillOneCommit() {
        WriteBatch batch = new WriteBatch();
        byte[] value = new byte[4096];
        for (int i = 0; i < 10_000; i++) {
            batch.put(bytes("key" + (1_000_000 + i)), value);
        }
        assertThat((long) batch.sizeInBytes())
                .isGreaterThan(stepped.environment.statistics().memoryBudget());
        store.commit(bytes("before"));
        store.write(batch);
        store.commitDurably(bytes("after"));
        assertThat(scan(KeyRange.all())).hasSize(10_000);
        assertThat(stepped.environment.statistics().memoryPeak())
                .isLessThanOrEqualTo(stepped.environment.statistics().memoryBudget());
    }

    @Test
    void valuesLargerThanAMemtableAreOrdinary() {
        byte[] large = new byte[3 << 20];
        Arrays.fill(large, (byte) 'x');
        store.put(bytes("large"), large);
        store.put(bytes("large2"), large);
        assertThat(store.get(bytes("large"))).isEqualTo(large);
        store.flush();
        assertThat(store.get(bytes("large2"))).isEqualTo(large);
    }

    @Test
    void flushedFilesArePickedUpByCompaction() {
        for (int i = 0; i < 20; i++) {
            put("key" + i % 7, "value" + i);
            store.commitDurably(new byte[0]);
        }
        stepped.executor.drain();
        StoreStatistics statistics = store.statistics();
        assertThat(statistics.flushes()).isEqualTo(20);
        assertThat(statistics.compactions()).isPositive();
        assertThat(statistics.sortedRuns()).isLessThan(10);
        store.compact();
        assertThat(store.statistics().sortedRuns()).isEqualTo(1);
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst"))).hasSizeLessThan(20);
        stepped.executor.drain();
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                .hasSize(store.statistics().liveFiles());
    }

    @Test
    void theFilterDropsValuesOnTheirWayToFiles() {
        store.close();
        CompactionFilter dropsOld = (key, keyLength, value, valueLength) -> valueLength == 3 && value[0] == 'o';
        store = stepped.open(files, options().compactionFilter(dropsOld));
        put("a", "old");
        put("b", "new");
        try (Snapshot snapshot = store.snapshot()) {
            put("c", "old");
            store.flush();
            assertThat(new String(snapshot.get(bytes("a")), UTF_8)).isEqualTo("old");
            assertThat(scan(KeyRange.all())).containsExactly("a=old", "b=new");
        }
        put("aa", "new");
        store.delete(bytes("aa"));
        store.commitDurably(new byte[0]);
        store.compact();
        assertThat(scan(KeyRange.all())).containsExactly("b=new");
    }

    @Test
    void statisticsCount() {
        put("a", "12");
        get("a");
        store.flush();
        get("a");
        get("b");
        try (StoreIterator iterator = store.iterator(KeyRange.all());
                Snapshot snapshot = store.snapshot()) {
            StoreStatistics statistics = store.statistics();
            assertThat(statistics.writes()).isEqualTo(1);
            assertThat(statistics.bytesWritten()).isEqualTo(3);
            assertThat(statistics.reads()).isEqualTo(3);
            assertThat(statistics.memtableHits()).isEqualTo(1);
            assertThat(statistics.flushes()).isEqualTo(1);
            assertThat(statistics.openIterators()).isEqualTo(1);
            assertThat(statistics.openSnapshots()).isEqualTo(1);
            assertThat(statistics.liveFiles()).isEqualTo(1);
            assertThat(statistics.liveFileBytes()).isEqualTo(statistics.bytesFlushed());
            assertThat(statistics.estimatedEntries()).isEqualTo(1);
            assertThat(statistics.lastSequence()).isEqualTo(snapshot.sequence()).isEqualTo(1);
            assertThat(statistics.durableSequence()).isZero();
            iterator.seekToFirst();
            assertThat(iterator.valueLength()).isEqualTo(2);
        }
    }

    private void put(String key, String value) {
        store.put(bytes(key), bytes(value));
    }

    private String get(String key) {
        byte[] value = store.get(bytes(key));
        return value == null ? null : new String(value, UTF_8);
    }

    private List<String> scan(KeyRange range) {
        try (StoreIterator iterator = store.iterator(range)) {
            List<String> entries = scan(iterator);
            List<String> reverse = new ArrayList<>();
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                reverse.add(0, new String(iterator.key(), UTF_8) + "=" + new String(iterator.value(), UTF_8));
            }
            assertThat(reverse).isEqualTo(entries);
            return entries;
        }
    }

    private static List<String> scan(StoreIterator iterator) {
        List<String> entries = new ArrayList<>();
        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
            entries.add(new String(iterator.key(), UTF_8) + "=" + new String(iterator.value(), UTF_8));
        }
        return entries;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
