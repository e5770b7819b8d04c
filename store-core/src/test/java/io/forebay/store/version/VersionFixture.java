package io.forebay.store.version;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.WritableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A directory with a version set over files that need not be real SSTs, because nobody reads them. */
final class VersionFixture {
    final FileStore files;
    final SteppedExecutor executor = new SteppedExecutor(new ManualClock());
    final SlabPool pool = new SlabPool(new HeapSlabs(), 4 << 20);
    final BlockCache cache = new BlockCache(pool);
    final TableCache tables = new TableCache(cache, pool, 16, MappedFiles.none());
    final FileRegistry registry;
    VersionSet set;
    /** Ids of manifests; each fixture begins anew. */
    final LongSupplier ids = new AtomicLong()::incrementAndGet;

    VersionFixture(FileStore files) {
        this.files = files;
        registry = new FileRegistry(files, tables, executor);
    }

    /** With background work on threads of {@code background}, for tests with threads. */
    VersionFixture(FileStore files, BackgroundExecutor background) throws IOException {
        this.files = files;
        registry = new FileRegistry(files, tables, background);
        set = VersionSet.open(files, registry, ids);
    }

    static VersionFixture open(FileStore files) throws IOException {
        return open(files, 4 << 20);
    }

    static VersionFixture open(FileStore files, long rollOverBytes) throws IOException {
        VersionFixture fixture = new VersionFixture(files);
        fixture.set = VersionSet.open(files, fixture.registry, fixture.ids, rollOverBytes);
        return fixture;
    }

    static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static FileMeta meta(FileId id, String from, String to, long minSequence, long maxSequence) {
        return new FileMeta(
                id,
                new SstInfo(100, minSequence, maxSequence, 10, 1, 0, 1_700_000_000_000L, null),
                KeyRange.of(key(from), to == null ? null : key(to)),
                false,
                -1,
                null);
    }

    /** Makes a file on disk and refers to it once. */
    FileMeta create(FileId id, String from, String to, long maxSequence) throws IOException {
        createSst(id);
        return meta(id, from, to, 1, maxSequence).withFile(registry.acquire(id, 100));
    }

    /** Makes a file on disk that has values in these value files, which are made as well unless they exist; refers to it once. */
    PhysicalFile createWithValues(FileId id, long... valueFiles) throws IOException {
        createSst(id);
        for (long values : valueFiles) {
            if (!files.exists(new FileId(0, values).valueFileName())) {
                createValueFile(values);
            }
        }
        return registry.acquire(id, withValues(id, null, valueFiles).info());
    }

    private void createSst(FileId id) throws IOException {
        try (WritableFile file = files.create(id.name())) {
            file.append(ByteBuffer.wrap(new byte[100]));
            file.sync();
        }
    }

    void createValueFile(long id) throws IOException {
        try (WritableFile file = files.create(new FileId(0, id).valueFileName())) {
            file.append(ByteBuffer.wrap(new byte[50]));
            file.sync();
        }
    }

    FileMeta withValues(FileId id, PhysicalFile file, long... valueFiles) {
        List<ValueShare> shares = new ArrayList<>();
        for (long values : valueFiles) {
            shares.add(new ValueShare(0, values, 50, 10, 40, null));
        }
        SstInfo info = new SstInfo(100, 1, 1, 1, 0, 0, 0, null, null, null, -1, null, shares, null);
        return new FileMeta(id, info, KeyRange.of(key("a"), key("b")), false, -1, file);
    }

    /** Numbers of the value files in the directory. */
    List<Long> valueFiles() throws IOException {
        List<Long> found = new ArrayList<>();
        for (String name : files.list()) {
            FileId id = FileId.parseValueFile(name);
            if (id != null) {
                found.add(id.low());
            }
        }
        return found;
    }

    /** Applies an edit and lets go of the files it adds, as jobs do. */
    void apply(VersionEdit edit) throws IOException {
        try {
            set.apply(edit);
        } finally {
            edit.added().forEach(added -> added.file().file().release());
        }
    }

    /** Runs and files of the present version, as text, newest first. */
    List<String> state() {
        Version version = set.current();
        try {
            List<String> state = new ArrayList<>();
            for (SortedRun run : version.runs()) {
                for (FileMeta file : run.files()) {
                    state.add(run.rank() + " " + file.id().low() + " " + file.range() + " " + file.newestSequence());
                }
            }
            return state;
        } finally {
            version.release();
        }
    }

    /** Names of the SSTs in the directory, as the low half of their ids. */
    List<Long> tables() throws IOException {
        List<Long> tables = new ArrayList<>();
        for (String name : files.list()) {
            FileId id = FileId.parse(name);
            if (id != null) {
                tables.add(id.low());
            }
        }
        return tables;
    }

    void close() throws IOException {
        set.close();
        registry.close();
    }
}
