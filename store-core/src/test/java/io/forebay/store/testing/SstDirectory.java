package io.forebay.store.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.FileStore;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.flush.SstOutput;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.flush.TombstoneFeed;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.iter.ModelEntry;
import io.forebay.store.iter.Retention;
import io.forebay.store.iter.Source;
import io.forebay.store.iter.WriteHistory;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.TableCache;
import io.forebay.store.version.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A directory of real SSTs without a store above it, for tests of what writes and merges them: everything that an {@link
 * SstTarget} needs, and ways to read back what came of it. One thread at a time.
 */
public final class SstDirectory implements AutoCloseable {
    private static final int BLOCK_BYTES = 128;

    private final FileStore files;
    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(clock);
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 8 << 20);
    private final BlockCache cache = new BlockCache(pool);
    private final FileRegistry registry;
    private final AtomicLong ids = new AtomicLong();

    public SstDirectory(FileStore files) {
        this.files = files;
        registry = new FileRegistry(files, new TableCache(cache, pool, 16, MappedFiles.none()), executor);
    }

    public ManualClock clock() {
        return clock;
    }

    /** With blocks of 128 bytes, so that small files have many. Files may be smaller than a store allows. */
    public SstTarget target(long targetFileBytes, Compression compression) {
        return target(targetFileBytes, compression, Long.MAX_VALUE);
    }

    public SstTarget target(long targetFileBytes, Compression compression, long tombstoneBytes) {
        return target(targetFileBytes, compression, tombstoneBytes, 0);
    }

    /** Values of {@code valueFileThreshold} bytes or more go to value files; 0 for none. */
    public SstTarget valueTarget(long targetFileBytes, int valueFileThreshold) {
        return target(targetFileBytes, Compression.NONE, Long.MAX_VALUE, valueFileThreshold);
    }

    private SstTarget target(
            long targetFileBytes, Compression compression, long tombstoneBytes, int valueFileThreshold) {
        return new SstTarget(
                registry,
                ids::incrementAndGet,
                clock,
                BLOCK_BYTES,
                10,
                compression,
                compression,
                targetFileBytes,
                tombstoneBytes,
                Retention.FOLD_BYTES,
                valueFileThreshold,
                null);
    }

    public SstTarget target(long targetFileBytes) {
        return target(targetFileBytes, Compression.NONE);
    }

    /** Writes a source as the files of one run, each with a reference of the caller. */
    public List<FileMeta> write(Source source, long targetFileBytes, List<byte[]> cuts) throws IOException {
        Deletes deletes = new Deletes(source.tombstones());
        try (SstOutput output = new SstOutput(target(targetFileBytes), deletes, cuts);
                InternalIterator entries = source.iterator()) {
            for (entries.seekToFirst(); entries.isValid(); entries.next()) {
                ModelEntry entry = ModelEntry.of(entries);
                deletes.pass(entry.key(), output);
                add(output, entry);
            }
            deletes.pass(null, output);
            return output.finish();
        }
    }

    public static void add(SstOutput output, ModelEntry entry) throws IOException {
        byte[] key = entry.key();
        output.add(key, 0, key.length, entry.sequence(), entry.kind(), entry.value(), 0, entry.value().length);
    }

    /** Range deletes on their way to an output, in key order along with the entries. */
    public static final class Deletes implements TombstoneFeed {
        private final FragmentCursor left;
        private Fragment next;

        public Deletes(TombstoneSet tombstones) throws IOException {
            left = tombstones.cursor();
            next = left.next();
        }

        /** Adds those that end at or before {@code key}, which is the next one; null: all that are left. */
        public void pass(byte[] key, SstOutput output) throws IOException {
            while (next != null
                    && (key == null || next.end() != null && Arrays.compareUnsigned(next.end(), key) <= 0)) {
                Fragment passed = next;
                next = left.next();
                output.addTombstone(passed);
            }
        }

        @Override
        public Fragment cut(byte[] end) {
            if (next == null || Arrays.compareUnsigned(next.start(), end) >= 0) {
                return null;
            }
            Fragment before = new Fragment(next.start(), end, next.sequences());
            next = new Fragment(end, next.end(), next.sequences());
            return before;
        }
    }

    /** All entries of files of one run. */
    public static List<ModelEntry> entries(List<FileMeta> run) throws IOException {
        List<ModelEntry> found = new ArrayList<>();
        for (FileMeta file : run) {
            try (InternalIterator entries = Version.source(List.of(file), null).iterator()) {
                for (entries.seekToFirst(); entries.isValid(); entries.next()) {
                    found.add(ModelEntry.of(entries));
                }
            }
        }
        return found;
    }

    /** All range deletes of files of one run, with the pieces of one that was cut grown together again. */
    public static FragmentArray tombstones(List<FileMeta> run) throws IOException {
        List<Fragment> found = new ArrayList<>();
        FragmentCursor all = Version.tombstones(run).cursor();
        for (Fragment fragment = all.next(); fragment != null; fragment = all.next()) {
            found.add(fragment);
        }
        return merged(found);
    }

    /** What the files of several runs hold together. */
    @SafeVarargs
    public static WriteHistory contents(List<FileMeta>... runs) throws IOException {
        List<ModelEntry> entries = new ArrayList<>();
        List<Fragment> deletes = new ArrayList<>();
        for (List<FileMeta> run : runs) {
            entries.addAll(entries(run));
            tombstones(run).fragments().forEach(deletes::add);
        }
        return WriteHistory.of(entries, deletes);
    }

    /** A version over runs, the bottom first and then older ones before newer ones; takes over the references. */
    @SafeVarargs
    public static Version version(List<FileMeta>... oldestFirst) {
        List<SortedRun> runs = new ArrayList<>();
        for (List<FileMeta> files : oldestFirst) {
            runs.add(new SortedRun(runs.size(), files));
        }
        Version version = new Version(runs);
        for (List<FileMeta> files : oldestFirst) {
            release(files);
        }
        return version;
    }

    /** What a reader sees at {@code limit}, as text. */
    public static List<String> state(WriteHistory history, long limit) {
        List<String> lines = new ArrayList<>();
        HexFormat hex = HexFormat.of();
        history.state(limit).forEach((key, value) -> lines.add(hex.formatHex(key) + "=" + hex.formatHex(value)));
        return lines;
    }

    public static FragmentArray merged(Iterable<Fragment> fragments) {
        Fragmenter fragmenter = new Fragmenter();
        fragments.forEach(fragmenter::add);
        return fragmenter.finish();
    }

    public static void release(List<FileMeta> run) {
        run.forEach(file -> file.file().release());
    }

    /** Bytes of blocks in the cache of this directory. */
    public long cachedBytes() {
        return cache.cachedBytes();
    }

    /** Names of the SSTs that are there when everything that was to be deleted is. */
    public Set<String> names() throws IOException {
        executor.drain();
        Set<String> names = new TreeSet<>();
        for (String name : files.list()) {
            if (FileId.isName(name)) {
                names.add(name);
            }
        }
        return names;
    }

    /** Names of the value files that are there when everything that was to be deleted is. */
    public Set<String> valueFileNames() throws IOException {
        executor.drain();
        Set<String> names = new TreeSet<>(files.list());
        names.removeIf(name -> !name.endsWith(".val"));
        return names;
    }

    public static Set<String> names(List<FileMeta> run) {
        Set<String> names = new TreeSet<>();
        run.forEach(file -> names.add(file.id().name()));
        return names;
    }

    /** Fails when somebody still holds a file or memory. */
    @Override
    public void close() {
        assertThat(registry.liveFiles()).as("files still referred to").isEmpty();
        executor.drain();
        registry.close();
        cache.close();
        assertThat(pool.used()).as("memory still held").isZero();
    }
}
