package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.iter.Source;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.util.Seeded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Reads of real files through a version: runs of several files, virtual files, ingested files, range deletes. */
class VersionReadTest {
    private static final int RUNS = 4;

    /** An entry as readers see it. */
    private record Entry(byte[] key, long sequence, byte kind, byte[] value) {
        @Override
        public String toString() {
            return Arrays.toString(key) + "@" + sequence + ":" + kind + Arrays.toString(value);
        }
    }

    /** A range delete as readers see it; to is never null here. */
    private record Deleted(byte[] from, byte[] to, long sequence) {}

    /** One run as readers see it. */
    private static final class RunModel {
        private final List<Entry> entries = new ArrayList<>();
        private final List<Deleted> deleted = new ArrayList<>();
        private final List<FileMeta> files = new ArrayList<>();
    }

    private final VersionFixture store = new VersionFixture(new MemoryFileStore());
    private final List<RunModel> models = new ArrayList<>();
    private Version version;

    private static byte[] key(Random random) {
        byte[] key = new byte[1 + random.nextInt(3)];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (random.nextInt(5) * 60);
        }
        return key;
    }

    private static int compare(Entry a, Entry b) {
        int byKey = Arrays.compareUnsigned(a.key, b.key);
        return byKey != 0 ? byKey : Long.compare(b.sequence, a.sequence);
    }

    /** Fills {@link #models}, newest run first; sequences of a run are below those of newer ones. */
    private void build(Random random) throws IOException {
        List<SortedRun> runs = new ArrayList<>();
        for (int rank = RUNS - 1; rank >= 0; rank--) {
            RunModel model = new RunModel();
            TreeSet<byte[]> bounds = new TreeSet<>(Arrays::compareUnsigned);
            bounds.add(new byte[0]);
            for (int i = random.nextInt(5); i > 0; i--) {
                bounds.add(key(random));
            }
            List<byte[]> cuts = new ArrayList<>(bounds);
            for (int i = 0; i < cuts.size(); i++) {
                byte[] end = i + 1 == cuts.size() ? new byte[] {-1} : cuts.get(i + 1);
                if (random.nextInt(5) != 0) {
                    addFile(model, KeyRange.of(cuts.get(i), end), 1 + 100L * rank, random);
                }
            }
            models.add(model);
            runs.add(new SortedRun(rank, model.files));
        }
        version = new Version(runs);
        models.forEach(model -> model.files.forEach(file -> file.file().release()));
        models.removeIf(model -> model.files.isEmpty());
    }

    private void addFile(RunModel model, KeyRange range, long firstSequence, Random random) throws IOException {
        // A file that holds more than it shows: everything is written, and only what is visible goes to the model.
        KeyRange visible = random.nextInt(3) == 0
                ? range.intersect(KeyRange.of(key(random), random.nextBoolean() ? null : key(random)))
                : range;
        if (visible.isEmpty()) {
            return;
        }
        long override = random.nextInt(4) == 0 ? firstSequence + random.nextInt(50) : -1;
        List<Entry> entries = entries(range, firstSequence, override >= 0, random);
        List<Deleted> deleted = deleted(range, firstSequence, random);
        if (entries.isEmpty() && deleted.isEmpty()) {
            return;
        }
        FileId id = FileId.random(random::nextLong);
        SstWriter writer = new SstWriter(store.files.create(id.name()), id.name(), 128 + random.nextInt(400), 10, 0);
        for (Entry entry : entries) {
            writer.add(entry.key, 0, entry.key.length, entry.sequence, entry.kind, entry.value, 0, entry.value.length);
        }
        for (Deleted one : deleted) {
            writer.addTombstone(new Fragment(one.from, one.to, new long[] {one.sequence}));
        }
        SstProperties properties = writer.finish();
        KeyRange shown = visible.intersect(properties.range());
        if (shown.isEmpty()) {
            return;
        }
        model.files.add(new FileMeta(
                id,
                new SstInfo(
                        properties.fileBytes(),
                        properties.minSequence(),
                        properties.maxSequence(),
                        properties.entries(),
                        properties.pointDeletes(),
                        properties.rangeDeletes(),
                        0,
                        null),
                shown,
                !shown.equals(properties.range()),
                override,
                store.registry.acquire(id, properties.fileBytes())));
        for (Entry entry : entries) {
            if (shown.contains(entry.key)) {
                model.entries.add(
                        new Entry(entry.key, override >= 0 ? override : entry.sequence, entry.kind, entry.value));
            }
        }
        for (Deleted one : deleted) {
            KeyRange cut = KeyRange.of(one.from, one.to).intersect(shown);
            if (!cut.isEmpty()) {
                model.deleted.add(new Deleted(cut.from(), cut.to(), override >= 0 ? override : one.sequence));
            }
        }
    }

    private static List<Entry> entries(KeyRange range, long firstSequence, boolean oneVersion, Random random) {
        List<Entry> entries = new ArrayList<>();
        TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        for (int i = random.nextInt(60); i > 0; i--) {
            byte[] key = key(random);
            if (range.contains(key)) {
                keys.add(key);
            }
        }
        for (byte[] key : keys) {
            TreeSet<Long> sequences = new TreeSet<>(Comparator.reverseOrder());
            for (int i = oneVersion ? 1 : 1 + random.nextInt(3); i > 0; i--) {
                sequences.add(firstSequence + random.nextInt(90));
            }
            for (long sequence : sequences) {
                byte kind = random.nextInt(4) == 0 ? ValueKind.DELETE : ValueKind.PUT;
                byte[] value = new byte[kind == ValueKind.DELETE ? 0 : random.nextInt(40)];
                random.nextBytes(value);
                entries.add(new Entry(key, sequence, kind, value));
            }
        }
        return entries;
    }

    private static List<Deleted> deleted(KeyRange range, long firstSequence, Random random) {
        List<Deleted> deleted = new ArrayList<>();
        for (int i = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0; i > 0; i--) {
            KeyRange cut = KeyRange.of(key(random), key(random)).intersect(range);
            if (!cut.isEmpty()) {
                deleted.add(new Deleted(cut.from(), cut.to(), firstSequence + random.nextInt(90)));
            }
        }
        return deleted;
    }

    private static void with(Random random, Check check) throws IOException {
        VersionReadTest test = new VersionReadTest();
        test.build(random);
        check.run(test);
        test.version.release();
        test.store.executor.drain();
        assertThat(test.store.registry.liveFiles()).isEmpty();
        test.store.cache.close();
        assertThat(test.store.pool.used()).isZero();
    }

    private interface Check {
        void run(VersionReadTest test) throws IOException;
    }

    @Test
    void pointReadsFindTheNewestVisibleVersion() {
        Seeded.run(
                VersionReadTest.class,
                60,
                random -> with(random, test -> {
                    PointLookup lookup = new PointLookup();
                    ValueBuffer into = new ValueBuffer();
                    for (int i = 0; i < 300; i++) {
                        byte[] key = key(random);
                        long limit = random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(500);
                        byte[] expected = test.expectedValue(key, limit);
                        lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), limit, into);
                        boolean settled = test.version.get(lookup);
                        assertThat(lookup.isFound()).isEqualTo(expected != null);
                        if (expected != null) {
                            assertThat(settled).isTrue();
                            assertThat(into.toByteArray()).isEqualTo(expected);
                        }
                    }
                }));
    }

    private byte[] expectedValue(byte[] key, long limit) {
        Entry newest = null;
        long tombstone = -1;
        for (RunModel model : models) {
            for (Entry entry : model.entries) {
                if (Arrays.equals(entry.key, key)
                        && entry.sequence <= limit
                        && (newest == null || entry.sequence > newest.sequence)) {
                    newest = entry;
                }
            }
            for (Deleted one : model.deleted) {
                if (one.sequence <= limit && KeyRange.of(one.from, one.to).contains(key)) {
                    tombstone = Math.max(tombstone, one.sequence);
                }
            }
        }
        return newest == null || newest.kind == ValueKind.DELETE || newest.sequence < tombstone ? null : newest.value;
    }

    @Test
    void aSourceOfARunShowsItsVisibleEntriesInBothDirections() {
        Seeded.run(
                VersionReadTest.class,
                60,
                random -> with(random, test -> {
                    List<Source> sources = new ArrayList<>();
                    test.version.addSources(KeyRange.all(), random.nextBoolean(), sources);
                    assertThat(sources).hasSameSizeAs(test.models);
                    for (int i = 0; i < sources.size(); i++) {
                        List<Entry> entries = new ArrayList<>(test.models.get(i).entries);
                        entries.sort(VersionReadTest::compare);
                        try (InternalIterator iterator = sources.get(i).iterator()) {
                            walk(iterator, entries, random);
                        }
                    }
                }));
    }

    /** Random moves, on the cursor and on an index into the list. */
    private static void walk(InternalIterator iterator, List<Entry> entries, Random random) throws IOException {
        int at = -1;
        for (int i = 0; i < 400; i++) {
            boolean valid = at >= 0 && at < entries.size();
            byte[] target = key(random);
            switch (random.nextInt(valid ? 12 : 4)) {
                case 0 -> {
                    iterator.seekToFirst();
                    at = 0;
                }
                case 1 -> {
                    iterator.seekToLast();
                    at = entries.size() - 1;
                }
                case 2 -> {
                    iterator.seek(target, 0, target.length);
                    at = 0;
                    while (at < entries.size() && Arrays.compareUnsigned(entries.get(at).key, target) < 0) {
                        at++;
                    }
                }
                case 3 -> {
                    iterator.seekBefore(target, 0, target.length);
                    at = entries.size() - 1;
                    while (at >= 0 && Arrays.compareUnsigned(entries.get(at).key, target) >= 0) {
                        at--;
                    }
                }
                case 4, 5, 6, 7 -> {
                    iterator.prev();
                    at--;
                }
                default -> {
                    iterator.next();
                    at++;
                }
            }
            assertThat(iterator.isValid()).isEqualTo(at >= 0 && at < entries.size());
            if (iterator.isValid()) {
                Entry entry = entries.get(at);
                assertThat(iterator.copyKey()).isEqualTo(entry.key);
                assertThat(iterator.sequence()).isEqualTo(entry.sequence);
                assertThat(iterator.kind()).isEqualTo(entry.kind);
                assertThat(iterator.copyValue()).isEqualTo(entry.value);
            }
        }
    }

    @Test
    void rangeDeletesOfARunAreThoseItsFilesShow() {
        Seeded.run(
                VersionReadTest.class,
                60,
                random -> with(random, test -> {
                    List<Source> sources = new ArrayList<>();
                    test.version.addSources(KeyRange.all(), true, sources);
                    for (int i = 0; i < sources.size(); i++) {
                        RunModel model = test.models.get(i);
                        TombstoneSet tombstones = sources.get(i).tombstones();
                        assertThat(tombstones.isEmpty() && !model.deleted.isEmpty())
                                .isFalse();
                        TombstoneSet again = Version.tombstones(model.files);
                        for (int j = 0; j < 100; j++) {
                            byte[] key = key(random);
                            long limit = random.nextInt(500);
                            long expected = model.deleted.stream()
                                    .filter(one -> one.sequence <= limit
                                            && KeyRange.of(one.from, one.to).contains(key))
                                    .mapToLong(Deleted::sequence)
                                    .max()
                                    .orElse(-1);
                            assertThat(newest(tombstones, key, limit)).isEqualTo(expected);
                            assertThat(newest(again, key, limit)).isEqualTo(expected);
                            checkNeighbours(tombstones, model, key, key(random));
                        }
                        sources.get(i).iterator().close();
                    }
                }));
    }

    /** Nothing may lie between the key and the neighbours that are named. */
    private static void checkNeighbours(TombstoneSet tombstones, RunModel model, byte[] key, byte[] other)
            throws IOException {
        boolean covered = model.deleted.stream()
                .anyMatch(one -> KeyRange.of(one.from, one.to).contains(other));
        Fragment after = tombstones.endingAfter(key, 0, key.length);
        boolean otherIsAfter = Arrays.compareUnsigned(other, key) >= 0;
        if (after != null) {
            assertThat(after.end() == null || Arrays.compareUnsigned(after.end(), key) > 0)
                    .isTrue();
        }
        if (otherIsAfter && (after == null || Arrays.compareUnsigned(other, after.start()) < 0)) {
            assertThat(covered).as("deletes before the next one").isFalse();
        }
        Fragment before = tombstones.startingBefore(key, 0, key.length);
        if (before != null) {
            assertThat(Arrays.compareUnsigned(before.start(), key))
                    .as("border before the key, or fragment")
                    .isLessThan(before.sequences().length == 0 ? 1 : 0);
        }
        boolean behind = before != null && before.end() != null && Arrays.compareUnsigned(other, before.end()) >= 0;
        if (!otherIsAfter && (before == null || behind)) {
            assertThat(covered).as("deletes behind the last one").isFalse();
        }
    }

    private static long newest(TombstoneSet tombstones, byte[] key, long limit) throws IOException {
        Fragment fragment = tombstones.covering(key, 0, key.length);
        return fragment == null ? -1 : fragment.newestAtOrBelow(limit);
    }

    @Test
    void sourcesOfARangeHaveTheFilesInItOnly() {
        Seeded.run(
                VersionReadTest.class,
                60,
                random -> with(random, test -> {
                    KeyRange range = KeyRange.of(key(random), random.nextBoolean() ? null : key(random));
                    List<Source> sources = new ArrayList<>();
                    test.version.addSources(range, true, sources);
                    int next = 0;
                    for (RunModel model : test.models) {
                        boolean any = !range.isEmpty()
                                && model.files.stream()
                                        .anyMatch(file -> file.range().overlaps(range));
                        if (!any) {
                            continue;
                        }
                        List<Entry> entries = new ArrayList<>(model.entries);
                        entries.removeIf(entry -> !range.contains(entry.key));
                        entries.sort(VersionReadTest::compare);
                        try (InternalIterator iterator = sources.get(next++).iterator()) {
                            iterator.seek(range.from(), 0, range.from().length);
                            for (Entry entry : entries) {
                                assertThat(iterator.isValid()).isTrue();
                                assertThat(iterator.copyKey()).isEqualTo(entry.key);
                                assertThat(iterator.sequence()).isEqualTo(entry.sequence);
                                iterator.next();
                            }
                        }
                    }
                    assertThat(sources).hasSize(next);
                }));
    }

    @Test
    void countersOutliveTheFiles() throws IOException {
        build(new Random(3));
        PointLookup lookup = new PointLookup();
        for (int i = 0; i < 2_000; i++) {
            byte[] key = key(new Random(i % 50));
            lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), Long.MAX_VALUE, new ValueBuffer());
            version.get(lookup);
        }
        long hits = store.registry.cacheHits();
        long misses = store.registry.cacheMisses();
        assertThat(hits).isGreaterThan(1_000);
        assertThat(misses).isPositive().isLessThan(1_000);
        version.release();
        assertThat(store.registry.liveFiles()).isEmpty();
        assertThat(store.registry.cacheHits()).isEqualTo(hits);
        assertThat(store.registry.cacheMisses()).isEqualTo(misses);
    }
}
