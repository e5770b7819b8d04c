package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CompactionFilter;
import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.EntryBatch;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadView;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.ValueBuffer;
import io.forebay.store.VerificationReport;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import io.forebay.store.util.Seeded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Value files as the user of a store sees them. */
@Tag("smoke")
class ValueFilesTest {
    private static final int THRESHOLD = 100;
    private static final int ROWS = 400;

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore files = new CrashFileStore();
    private final TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
    private final Random random = new Random(3);

    @AfterEach
    void close() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

    private static StoreOptions.Builder options(int threshold) {
        return StoreOptions.builder()
                .valueFileThreshold(threshold)
                .memtableBytes(16 << 10)
                .blockBytes(256)
                .targetFileBytes(4 << 10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    private Store open(CrashFileStore place, int threshold) {
        return stepped.open(place, options(threshold));
    }

    private static byte[] key(int i) {
        return String.format("key-%06d", i).getBytes(StandardCharsets.UTF_8);
    }

    /** A third of the values is short. */
    private byte[] value() {
        byte[] value = new byte[random.nextInt(3) == 0 ? random.nextInt(THRESHOLD) : THRESHOLD + random.nextInt(400)];
        random.nextBytes(value);
        return value;
    }

    private void put(Store store, int i) {
        byte[] value = value();
        store.put(key(i), value);
        model.put(key(i), value);
    }

    private void fill(Store store) {
        for (int i = 0; i < ROWS; i++) {
            put(store, i);
        }
        store.commitDurably(new byte[0]);
    }

    private void overwrite(Store store, int operations) {
        for (int n = 0; n < operations; n++) {
            int i = random.nextInt(ROWS);
            switch (random.nextInt(8)) {
                case 0 -> {
                    store.delete(key(i));
                    model.remove(key(i));
                }
                case 1 -> {
                    int to = i + 1 + random.nextInt(5);
                    store.deleteRange(key(i), key(to));
                    model.subMap(key(i), key(to)).clear();
                }
                case 2 -> {
                    byte[] operand = value();
                    store.merge(key(i), operand);
                    model.merge(key(i), operand, ValueFilesTest::appended);
                }
                default -> put(store, i);
            }
        }
        store.commitDurably(new byte[0]);
    }

    private static byte[] appended(byte[] base, byte[] operand) {
        byte[] joined = Arrays.copyOf(base, base.length + 1 + operand.length);
        joined[base.length] = ',';
        System.arraycopy(operand, 0, joined, base.length + 1, operand.length);
        return joined;
    }

    private static List<String> named(CrashFileStore place, String suffix) {
        return place.list().stream().filter(name -> name.endsWith(suffix)).toList();
    }

    private static void check(ReadView view, Map<byte[], byte[]> expected) {
        List<byte[]> keys = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            keys.add(key(i));
        }
        List<byte[]> all = view.multiGet(keys);
        ValueBuffer buffer = new ValueBuffer();
        for (int i = 0; i < ROWS; i++) {
            byte[] value = expected.get(key(i));
            assertThat(view.get(key(i))).as("key %s", i).isEqualTo(value);
            assertThat(all.get(i)).isEqualTo(value);
            assertThat(view.get(key(i), 0, key(i).length, buffer)).isEqualTo(value != null);
            if (value != null) {
                assertThat(buffer.toByteArray()).isEqualTo(value);
            }
        }
        List<byte[]> inOrder = new ArrayList<>(expected.keySet());
        EntryBatch batch = EntryBatch.of(7, 1 << 20);
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            int at = 0;
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next(), at++) {
                checkEntry(iterator, inOrder.get(at), expected, buffer);
            }
            assertThat(at).isEqualTo(inOrder.size());
            for (iterator.seekToLast(); iterator.isValid(); iterator.prev()) {
                checkEntry(iterator, inOrder.get(--at), expected, buffer);
            }
            assertThat(at).isZero();
            iterator.seekToFirst();
            while (iterator.isValid()) {
                iterator.nextBatch(batch);
                for (int i = 0; i < batch.size(); i++, at++) {
                    assertThat(batch.key(i)).isEqualTo(inOrder.get(at));
                    assertThat(batch.value(i)).isEqualTo(expected.get(inOrder.get(at)));
                }
            }
        }
        view.scan(KeyRange.of(key(ROWS / 2), null), batch);
        for (int i = 0; i < batch.size(); i++) {
            assertThat(batch.value(i)).isEqualTo(expected.get(batch.key(i)));
        }
    }

    private static void checkEntry(
            StoreIterator iterator, byte[] key, Map<byte[], byte[]> expected, ValueBuffer buffer) {
        assertThat(iterator.key()).isEqualTo(key);
        assertThat(iterator.valueLength()).isEqualTo(expected.get(key).length);
        assertThat(iterator.value()).isEqualTo(expected.get(key));
        iterator.value(buffer);
        assertThat(buffer.toByteArray()).isEqualTo(expected.get(key));
    }

    private void verify(Store store) {
        stepped.executor.drain();
        VerificationReport report = store.verify();
        assertThat(report.isClean()).as(report.toString()).isTrue();
        assertThat(report.remarks()).isEmpty();
    }

    @Test
    void longValuesAreReadFromValueFiles() {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
            assertThat(named(files, ".val")).isNotEmpty();
            check(store, model);
            verify(store);
        }
        try (Store store = open(files, THRESHOLD)) {
            check(store, model);
        }
    }

    @Test
    void mergesDeletesAndSnapshotsSeeWhatTheyShould() {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            Map<byte[], byte[]> then = new TreeMap<>(model);
            try (Snapshot snapshot = store.snapshot()) {
                for (int round = 0; round < 5; round++) {
                    overwrite(store, 200);
                    store.flush();
                    check(store, model);
                    check(snapshot, then);
                    stepped.executor.drain();
                    check(store, model);
                    check(snapshot, then);
                }
                store.compact();
                check(store, model);
                check(snapshot, then);
            }
            store.compact();
            check(store, model);
            verify(store);
        }
    }

    /** Keys have versions in several files: places of values, short values, deletes and operands over each other. */
    @Test
    void reverseScansOverOverlappingRunsShowTheNewestVersions() {
        Seeded.run(ValueFilesTest.class, 20, seeded -> {
            CrashFileStore place = new CrashFileStore();
            TreeMap<byte[], byte[]> newest = new TreeMap<>(Arrays::compareUnsigned);
            try (Store store = open(place, THRESHOLD)) {
                for (int run = 0; run < 4; run++) {
                    for (int n = 0; n < 60; n++) {
                        byte[] key = key(seeded.nextInt(80));
                        byte[] value = new byte[seeded.nextInt(3) == 0 ? 5 : THRESHOLD + seeded.nextInt(300)];
                        seeded.nextBytes(value);
                        switch (seeded.nextInt(5)) {
                            case 0 -> {
                                store.delete(key);
                                newest.remove(key);
                            }
                            case 1 -> {
                                store.merge(key, value);
                                newest.merge(key, value, ValueFilesTest::appended);
                            }
                            default -> {
                                store.put(key, value);
                                newest.put(key, value);
                            }
                        }
                    }
                    store.flush();
                }
                for (int read = 0; read < 3; read++) {
                    reverse(store, newest, read);
                }
            }
            stepped.executor.drain();
        });
    }

    /** Each key has a newer version in the other run: a step looks at the neighbours, and seeks nothing. */
    @Test
    void aReverseScanOverOverlappingRunsDoesNotSeek() {
        try (Store store = open(files, THRESHOLD)) {
            for (int run = 0; run < 2; run++) {
                for (int i = 0; i < ROWS; i++) {
                    byte[] value = new byte[THRESHOLD];
                    Arrays.fill(value, (byte) (i + run));
                    store.put(key(i), value);
                    model.put(key(i), value);
                }
                store.flush();
            }
            assertThat(store.statistics().sortedRuns()).isGreaterThan(1);
            reverse(store, model, 0);
            long before = blockUses(store);
            reverse(store, model, 0);
            assertThat(blockUses(store) - before).isLessThan(ROWS);
        }
    }

    private static long blockUses(Store store) {
        StoreStatistics statistics = store.statistics();
        return statistics.blockCacheHits() + statistics.blockCacheMisses();
    }

    /** @param read 0 to copy values, 1 for new arrays, 2 for every third one */
    private static void reverse(Store store, TreeMap<byte[], byte[]> newest, int read) {
        ValueBuffer into = new ValueBuffer();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToLast();
            int n = 0;
            for (Map.Entry<byte[], byte[]> entry : newest.descendingMap().entrySet()) {
                assertThat(iterator.key()).isEqualTo(entry.getKey());
                assertThat(iterator.valueLength()).isEqualTo(entry.getValue().length);
                if (read == 1) {
                    assertThat(iterator.value()).isEqualTo(entry.getValue());
                } else if (read == 0 || n++ % 3 == 0) {
                    iterator.value(into);
                    assertThat(into.toByteArray()).isEqualTo(entry.getValue());
                }
                iterator.prev();
            }
            assertThat(iterator.isValid()).isFalse();
        }
    }

    /** A merge writes places, not values. */
    @Test
    void aMergeDoesNotWriteTheValuesAgain() {
        try (Store store = open(files, THRESHOLD)) {
            Set<String> flushed = new TreeSet<>();
            for (int from = 0; from < 2; from++) {
                for (int i = from; i < ROWS; i += 2) {
                    put(store, i);
                }
                store.flush();
                flushed.addAll(named(files, ".val"));
                store.commitDurably(new byte[0]);
                stepped.executor.drain();
            }
            store.compact();
            stepped.executor.drain();
            StoreStatistics now = store.statistics();
            assertThat(now.sortedRuns()).isEqualTo(1);
            assertThat(now.compactions()).isPositive();
            assertThat(now.bytesCompactedOut()).isLessThan(now.valueFileBytes() / 3);
            assertThat(flushed).hasSizeGreaterThan(1);
            assertThat(named(files, ".val")).containsExactlyInAnyOrderElementsOf(flushed);
            check(store, model);
        }
    }

    @Test
    void bytesThatWereWrittenAreThoseOfBothKindsOfFiles() {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
            stepped.executor.drain();
            store.compact();
            stepped.executor.drain();
            StoreStatistics then = store.statistics();
            assertThat(then.bytesFlushed()).isGreaterThan(then.valueFileBytes());
            List<String> before = named(files, ".val");
            for (int i = 0; i < ROWS; i += 2) {
                store.delete(key(i));
                model.remove(key(i));
            }
            store.commitDurably(new byte[0]);
            store.compact();
            stepped.executor.drain();
            long copied = named(files, ".val").stream()
                    .filter(name -> !before.contains(name))
                    .mapToLong(files::size)
                    .sum();
            assertThat(copied).isPositive();
            assertThat(store.statistics().bytesCompactedOut() - then.bytesCompactedOut())
                    .isGreaterThan(copied);
            check(store, model);
        }
    }

    @Test
    void garbageIsAtMostThreeTenthsOfWhatIsNeeded() {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            for (int round = 0; round < 20; round++) {
                overwrite(store, 200);
                store.flush();
                stepped.executor.drain();
            }
            store.flush();
            stepped.executor.drain();
            long needed = model.values().stream()
                    .filter(value -> value.length >= THRESHOLD)
                    .mapToLong(value -> value.length + 4)
                    .sum();
            store.compact();
            stepped.executor.drain();
            long compacted =
                    named(files, ".val").stream().mapToLong(files::size).sum();
            long frames = 128L * named(files, ".val").size();
            assertThat(compacted).isLessThanOrEqualTo((long) ((needed + frames) * 1.3));
            StoreStatistics statistics = store.statistics();
            assertThat(statistics.valueFileBytes()).isEqualTo(compacted);
            // an operand without a base may still be in an SST
            assertThat(statistics.valueFileLiveBytes()).isBetween(needed / 2, needed);
            check(store, model);
            verify(store);
        }
    }

    @Test
    void theOptionMayChangeAtEachOpen() {
        int round = 0;
        for (int threshold : new int[] {0, THRESHOLD, 1, 300, 0, 1 << 20, THRESHOLD}) {
            try (Store store = open(files, threshold)) {
                if (round++ == 0) {
                    fill(store);
                }
                overwrite(store, 200);
                store.flush();
                stepped.executor.drain();
                check(store, model);
                verify(store);
            }
        }
        try (Store store = open(files, 0)) {
            check(store, model);
            overwrite(store, 100);
            store.compact();
            check(store, model);
        }
    }

    @Test
    void aCheckpointHasTheValueFilesAndARestoreTakesThoseThatItNeeds() {
        CrashFileStore lower = new CrashFileStore();
        CrashFileStore upper = new CrashFileStore();
        CrashFileStore whole = new CrashFileStore();
        CrashFileStore backup = new CrashFileStore();
        byte[] middle = key(ROWS / 2);
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            overwrite(store, 300);
            store.compact();
            stepped.executor.drain();
            try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
                await(checkpoint);
                List<String> names = new ArrayList<>();
                checkpoint.files().forEach(file -> names.add(file.name()));
                assertThat(names).containsAll(named(files, ".val")).anyMatch(name -> name.endsWith(".sst"));
                checkpoint
                        .files()
                        .forEach(file -> assertThat(files.size(file.name())).isEqualTo(file.bytes()));
                checkpoint.writeTo(backup);
                byte[] metadata = checkpoint.metadata();
                restore(lower, new RestoreSource(files, metadata, KeyRange.of(new byte[0], middle)))
                        .close();
                restore(upper, new RestoreSource(files, metadata, KeyRange.of(middle, null)))
                        .close();
            }
        }
        VerificationReport report = stepped.environment.verify(backup, null);
        assertThat(report.isClean()).isTrue();
        assertThat(report.remarks()).hasSize(1); // that it is a backup
        assertThat(report.files())
                .extracting(VerificationReport.VerifiedFile::name)
                .anyMatch(name -> name.endsWith(".val"));
        byte[] first;
        byte[] second;
        try (Store low = open(lower, THRESHOLD);
                Store high = open(upper, THRESHOLD)) {
            check(low, model.headMap(middle));
            check(high, model.tailMap(middle));
            verify(low);
            try (Checkpoint one = low.checkpoint(new byte[0]);
                    Checkpoint other = high.checkpoint(new byte[0])) {
                await(one);
                await(other);
                first = one.metadata();
                second = other.metadata();
                try (Store joined = restore(
                        whole,
                        new RestoreSource(lower, first, KeyRange.of(new byte[0], middle)),
                        new RestoreSource(upper, second, KeyRange.of(middle, null)))) {
                    check(joined, model);
                    verify(joined);
                    overwrite(joined, 300);
                    joined.compact();
                    stepped.executor.drain();
                    check(joined, model);
                    verify(joined);
                }
            }
        }
    }

    @Test
    void aRestoreGoesOnFromItsOwnValueFilesOnly() throws IOException {
        CrashFileStore place = new CrashFileStore();
        CrashFileStore strange = new CrashFileStore();
        CrashFileStore cut = new CrashFileStore();
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
            try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
                await(checkpoint);
                RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.all());
                String name = named(files, ".val").get(0);
                strange.create("00000000000000000000000000000001.val").close();
                assertThatThrownBy(() -> restore(strange, source))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("00000000000000000000000000000001.val");
                cut.create(name).close();
                assertThatThrownBy(() -> restore(cut, source))
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining(name);
                place.linkFrom(files, name); // as after a restore that was cut off
                try (Store restored = restore(place, source)) {
                    check(restored, model);
                }
            }
        }
    }

    private Store restore(CrashFileStore place, RestoreSource... sources) {
        return stepped.environment.restore(
                place, options(THRESHOLD).name("test").build(), List.of(sources), new byte[0]);
    }

    private void await(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            stepped.executor.help();
        }
        checkpoint.completion().join();
    }

    /** An SST of references has many values in a block, which a range delete may begin and end in. */
    @Test
    void aRangeDeleteWithinOneBlockFreesItsValues() {
        try (Store store =
                stepped.open(files, options(THRESHOLD).blockBytes(64 << 10).targetFileBytes(1 << 20))) {
            for (int i = 0; i < 100; i++) {
                store.put(key(i), new byte[5_000]);
            }
            store.commitDurably(new byte[0]);
            store.compact();
            stepped.executor.drain();
            assertThat(named(files, ".val")).isNotEmpty();
            store.deleteRange(key(5), key(95));
            store.commitDurably(new byte[0]);
            store.flush();
            stepped.executor.drain();
            assertThat(store.statistics().valueFileBytes()).isLessThan(15 * 5_000);
        }
    }

    /** The files of a checkpoint stay while it is open, whatever merges do. */
    @Test
    void valueFilesOfAnOpenCheckpointStay() {
        CrashFileStore place = new CrashFileStore();
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
            Map<byte[], byte[]> then = new TreeMap<>(model);
            try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
                await(checkpoint);
                store.deleteRange(key(0), key(ROWS));
                store.commitDurably(new byte[0]);
                model.clear();
                store.compact();
                stepped.executor.drain();
                assertThat(named(files, ".val")).isNotEmpty();
                try (Store restored = restore(place, new RestoreSource(files, checkpoint.metadata(), KeyRange.all()))) {
                    check(restored, then);
                }
            }
            stepped.executor.drain();
            assertThat(named(files, ".val")).isEmpty();
        }
    }

    @Test
    void ingestedValuesAreReadBack() {
        try (Store store = open(files, THRESHOLD)) {
            put(store, 0);
            store.commitDurably(new byte[0]);
            try (SortedIngest ingest = store.ingest()) {
                for (int i = 0; i < ROWS; i++) {
                    byte[] value = value();
                    ingest.add(key(i), 0, key(i).length, value, 0, value.length);
                    model.put(key(i), value);
                }
                ingest.finish();
            }
            assertThat(named(files, ".val")).isNotEmpty();
            check(store, model);
            store.compact();
            check(store, model);
            verify(store);
            try (SortedIngest ingest = store.ingest()) {
                byte[] value = new byte[THRESHOLD];
                ingest.add(key(1), 0, key(1).length, value, 0, value.length);
            }
            stepped.executor.drain();
            check(store, model);
            verify(store);
        }
    }

    @Test
    void aFilterSeesTheValues() {
        StoreOptions.Builder filtered =
                options(THRESHOLD).compactionFilter((key, keyLength, value, length) -> length > 0 && value[0] < 0);
        try (Store store = stepped.open(files, filtered)) {
            fill(store);
            store.flush();
            store.compact();
            stepped.executor.drain();
            model.values().removeIf(value -> value.length > 0 && value[0] < 0);
            check(store, model);
            verify(store);
        }
    }

    /** Values of keys that the filter keeps whatever they are stay where they are, and are not read. */
    @Test
    void aFilterThatKeepsAKeyDoesNotHaveItsValueRead() throws IOException {
        CompactionFilter filter = new CompactionFilter() {
            @Override
            public boolean drop(byte[] key, int keyLength, byte[] value, int length) {
                throw new AssertionError("not to be asked");
            }

            @Override
            public boolean mayDrop(byte[] key, int keyLength) {
                assertThat(keyLength).isEqualTo(key(0).length);
                return false;
            }
        };
        try (Store store = stepped.open(files, options(THRESHOLD).compactionFilter(filter))) {
            fill(store);
            store.flush();
            List<String> values = named(files, ".val");
            for (String name : values) {
                files.delete(name); // a read of a value would fail
            }
            store.compact();
            assertThat(store.statistics().compactions()).isPositive();
        }
    }

    /** Compact leaves no value under an older key, and none that is plain. */
    @Test
    void compactBringsValuesUnderTheNewKey() {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.compact();
        }
        for (String key : List.of("a", "b")) {
            KeyProvider keys = key.equals("a") ? TestKeys.provider("a") : TestKeys.provider("b", "a");
            try (Store store = stepped.open(files, options(THRESHOLD).encryption(keys))) {
                check(store, model);
                overwrite(store, 100);
                store.compact();
                stepped.executor.drain();
                check(store, model);
                assertThat(store.encryptionKeyIds()).containsExactly(key);
                assertThat(named(files, ".val")).isNotEmpty();
                verify(store);
            }
        }
    }

    /** Wraps the keys of new files with "b" and "a" by turns, once it is told to, as if the key changed at each of them. */
    private static final class ChangingKeys implements KeyProvider {
        final KeyProvider b = TestKeys.provider("b", "a");
        final KeyProvider a = TestKeys.provider("a");
        boolean byTurns;
        private int wrapped;

        @Override
        public String currentKeyId() {
            return "b";
        }

        @Override
        public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
            return (byTurns && wrapped++ % 2 == 1 ? a : b).wrap(dataKey);
        }

        @Override
        public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
            return b.unwrap(keyId, wrapped);
        }
    }

    /** The key may change between the making of an SST and that of its value file. */
    @Test
    void valuesUnderAnotherKeyThanTheirSst() {
        ChangingKeys keys = new ChangingKeys();
        try (Store store =
                stepped.open(files, options(THRESHOLD).memtableBytes(1 << 20).encryption(keys))) {
            for (int i = 0; i < ROWS; i++) {
                put(store, i);
            }
            store.commit(new byte[0]);
            keys.byTurns = true;
            store.flush();
            keys.byTurns = false;
            stepped.executor.drain();
            assertThat(named(files, ".sst")).hasSameSizeAs(named(files, ".val"));
            assertThat(store.encryptionKeyIds()).containsExactlyInAnyOrder("a", "b");
            check(store, model);
        }
        assertThatThrownBy(() -> stepped.open(files, options(THRESHOLD).encryption(TestKeys.provider("b"))))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("\"a\"");
        try (Store store = stepped.open(files, options(THRESHOLD).encryption(TestKeys.provider("b", "a")))) {
            store.compact();
            stepped.executor.drain();
            assertThat(store.encryptionKeyIds()).containsExactly("b");
            check(store, model);
            verify(store);
        }
    }

    @Test
    void writesOfALogAreRecovered() {
        StoreOptions.Builder logged = options(THRESHOLD).durability(Durability.SYNCED);
        try (Store store = stepped.open(files, logged)) {
            fill(store);
            overwrite(store, 100);
        }
        try (Store store = stepped.open(files, logged)) {
            check(store, model);
            verify(store);
        }
    }

    @Test
    void aValueFileThatIsGoneIsNamed() throws IOException {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
        }
        for (String name : named(files, ".val")) {
            files.delete(name);
        }
        try (Store store = open(files, THRESHOLD)) {
            byte[] key = model.entrySet().stream()
                    .filter(entry -> entry.getValue().length >= THRESHOLD)
                    .findFirst()
                    .orElseThrow()
                    .getKey();
            assertThatThrownBy(() -> store.get(key))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(".val");
            model.forEach((each, value) -> {
                if (value.length < THRESHOLD) {
                    assertThat(store.get(each)).isEqualTo(value);
                }
            });
            assertThat(store.verify().isClean()).isFalse();
        }
    }

    /** Values of equal lengths are at equal places in each file, so that only the file itself can say that it is another one. */
    @Test
    void aValueFileUnderTheNameOfAnotherOneIsRefused() throws IOException {
        try (Store store = open(files, THRESHOLD)) {
            for (int i = 0; i < 2; i++) {
                byte[] value = new byte[1_000];
                Arrays.fill(value, (byte) i);
                store.put(key(i), value);
                store.commitDurably(new byte[0]);
                store.flush();
            }
        }
        List<String> names = named(files, ".val");
        assertThat(names).hasSize(2);
        byte[] first = content(names.get(0));
        byte[] second = content(names.get(1));
        assertThat(first).hasSameSizeAs(second);
        replace(names.get(0), second);
        replace(names.get(1), first);
        try (Store store = open(files, THRESHOLD)) {
            for (int i = 0; i < 2; i++) {
                byte[] key = key(i);
                assertThatThrownBy(() -> store.get(key))
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining("the file with id");
            }
            assertThat(store.verify().findings())
                    .extracting(VerificationReport.Finding::file)
                    .containsExactlyInAnyOrderElementsOf(names);
        }
    }

    private byte[] content(String name) throws IOException {
        try (ReadableFile file = files.open(name)) {
            byte[] bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }

    private void replace(String name, byte[] content) throws IOException {
        files.delete(name);
        try (WritableFile file = files.create(name)) {
            file.append(ByteBuffer.wrap(content));
            file.sync();
        }
    }

    /** Keys and lengths are in the SSTs: who wants no values reads none, in either direction. */
    @Test
    void keysAreReadWithoutTheirValues() throws IOException {
        try (Store store = open(files, THRESHOLD)) {
            fill(store);
            store.flush();
            for (int i = 0; i < ROWS; i += 3) {
                put(store, i);
            }
            store.commitDurably(new byte[0]);
            store.flush();
            assertThat(store.statistics().sortedRuns()).isGreaterThan(1);
            for (String name : named(files, ".val")) {
                files.delete(name);
            }
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                model.forEach((key, value) -> {
                    iterator.seek(key);
                    checkKey(iterator, key, value);
                    iterator.seekForPrev(key);
                    checkKey(iterator, key, value);
                });
            }
        }
    }

    private static void checkKey(StoreIterator iterator, byte[] key, byte[] value) {
        assertThat(iterator.key()).isEqualTo(key);
        assertThat(iterator.valueLength()).isEqualTo(value.length);
    }

    /** Long values that are in their SSTs lie beside longer ones that are not. */
    @Test
    void longValuesAreFoundInBothPlaces() {
        try (Store store = stepped.open(files, StoreOptions.builder().valueFileThreshold(200 << 10))) {
            for (int i = 0; i < 6; i++) {
                byte[] value = new byte[i % 3 == 0 ? 10 : i % 3 == 1 ? 300 << 10 : 100 << 10];
                random.nextBytes(value);
                store.put(key(i), value);
                model.put(key(i), value);
            }
            store.commitDurably(new byte[0]);
            store.flush();
            assertThat(named(files, ".val")).isNotEmpty();
            ValueBuffer buffer = new ValueBuffer();
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                iterator.seekToFirst();
                for (byte[] key : model.keySet()) {
                    checkEntry(iterator, key, model, buffer);
                    iterator.next();
                }
                iterator.seekToLast();
                for (byte[] key : model.descendingKeySet()) {
                    checkEntry(iterator, key, model, buffer);
                    iterator.prev();
                }
            }
            verify(store);
        }
    }

    @Test
    void valueFilesWithoutAManifestAreNoEmptyStore() throws IOException {
        files.create("00000000000000000000000000000001.val").close();
        assertThatThrownBy(() -> open(files, THRESHOLD))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("00000000000000000000000000000001.val");
    }

    @Test
    void thresholdsOutOfRangeAreRefused() {
        assertThat(options(1 << 20).build().valueFileThreshold()).isEqualTo(1 << 20);
        assertThat(StoreOptions.defaults().valueFileThreshold()).isZero();
        for (int bad : new int[] {-1, (1 << 20) + 1}) {
            assertThatThrownBy(() -> options(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("valueFileThreshold is " + bad);
        }
    }
}
