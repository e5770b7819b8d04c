package io.forebay.store.db.background;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.db.state.CommitMark;
import io.forebay.store.db.state.CompactionOrder;
import io.forebay.store.db.state.EngineLimits;
import io.forebay.store.db.state.EngineResources;
import io.forebay.store.db.state.MemoryArbiter;
import io.forebay.store.db.state.Phases;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.db.write.WriteStall;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.TableCache;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an edit changes on disk and for readers, and in which order. The files are no SSTs: nothing reads them. */
class InstallerTest {
    private static final int FILE_BYTES = 100;

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(clock);
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 8 << 20);
    private final BlockCache cache = new BlockCache(pool);
    private final TableCache tables = new TableCache(cache, pool, 16, MappedFiles.none());
    private final AtomicLong ids = new AtomicLong();
    private final FaultInjector faults = new FaultInjector();
    private final FaultFileStore files = new FaultFileStore(new MemoryFileStore(), faults);
    private final FileRegistry registry = new FileRegistry(files, tables, executor);
    private StoreContext store;
    private Installer installer;

    @BeforeEach
    void open() throws IOException {
        EngineResources shared = new EngineResources(
                pool,
                tables,
                executor,
                clock,
                ids::incrementAndGet,
                new MemoryArbiter(pool, executor, clock),
                new CompactionOrder(executor),
                new Phases(),
                false,
                EngineLimits.DEFAULT);
        store = new StoreContext(
                shared,
                files,
                StoreOptions.builder()
                        .name("s")
                        .mergeFunction(MergeFunction.append((byte) ','))
                        .build(),
                VersionSet.open(files, registry, ids::incrementAndGet));
        Checkpoints checkpoints = new Checkpoints(store);
        installer = new Installer(store, checkpoints, new WriteStall(pool, executor, clock));
    }

    @AfterEach
    void close() throws IOException {
        store.states.close();
        store.versions.close();
        registry.close();
        cache.close();
    }

    private FileMeta file(long number, String from, String to) throws IOException {
        FileId id = new FileId(0, number);
        try (WritableFile file = files.create(id.name())) {
            file.append(ByteBuffer.wrap(new byte[FILE_BYTES]));
            file.sync();
        }
        return new FileMeta(
                id,
                new SstInfo(FILE_BYTES, 1, 1, 1, 0, 0, 0, null),
                KeyRange.of(from.getBytes(US_ASCII), to.getBytes(US_ASCII)),
                false,
                -1,
                registry.acquire(id, FILE_BYTES));
    }

    /** As a flush does: the file belongs to the version afterwards. */
    private void flush(long number, CommitMark commit) throws IOException {
        install(number, file(number, "a", "c"), commit);
    }

    private void install(long number, FileMeta file, CommitMark commit) throws IOException {
        try {
            VersionEdit edit =
                    new VersionEdit().add(store.versions.nextRank(), file).lastSequence(number);
            installer.install(edit, List.of(), commit);
        } finally {
            file.file().release();
        }
    }

    private CommitMark commit(String payload, long sequence) {
        CommitMark mark = store.commits.next(sequence, payload.getBytes(US_ASCII), clock.nanoTime());
        store.commits.take(mark);
        return mark;
    }

    private List<List<String>> runs() {
        Version version = store.versions.current();
        try {
            return version.runs().stream()
                    .map(run ->
                            run.files().stream().map(file -> file.id().name()).toList())
                    .toList();
        } finally {
            version.release();
        }
    }

    private String durable() {
        return new String(store.commits.durable().payload(), US_ASCII);
    }

    @Test
    void aFlushIsInTheManifestAndInSightAndItsCommitIsDurable() throws IOException {
        flush(1, commit("one", 1));
        assertThat(durable()).isEqualTo("one");
        assertThat(new String(store.versions.durableCommit().payload(), US_ASCII))
                .isEqualTo("one");
        assertThat(store.versions.mergeName())
                .isEqualTo(store.options.mergeFunction().name());
        ReadState state = store.states.acquire();
        try {
            assertThat(state.version.runs()).hasSize(1);
        } finally {
            state.release();
        }
    }

    @Test
    void theFlushedMemtableLeavesTheReadStateWithTheSameSwap() throws IOException {
        store.active.onFreeze(() -> {});
        store.active.publishCommit();
        store.gate.enterOther();
        assertThat(store.active.freeze()).isTrue();
        store.gate.leave();
        assertThat(store.states.immutableCount()).isEqualTo(1);
        List<TrackedMemtable> flushed = store.states.nextFlush();
        installer.install(new VersionEdit().lastSequence(1), flushed, null);
        assertThat(store.states.immutableCount()).isZero();
    }

    /** A flush and an ingest may come with their commits in the wrong order. */
    @Test
    void anOlderCommitDoesNotReplaceANewerOne() throws IOException {
        CommitMark older = commit("older", 1);
        CommitMark newer = commit("newer", 2);
        flush(1, newer);
        flush(2, older);
        assertThat(durable()).isEqualTo("newer");
        assertThat(new String(store.versions.durableCommit().payload(), US_ASCII))
                .isEqualTo("newer");
    }

    @Test
    void whereTheManifestCannotBeWrittenNothingChanges() throws IOException {
        flush(1, commit("one", 1));
        CommitMark two = commit("two", 2);
        FileMeta file = file(2, "a", "c");
        faults.arm(Fault.DISK_FULL, 1, true);
        assertThatThrownBy(() -> install(2, file, two)).isInstanceOf(IOException.class);
        faults.heal();
        assertThat(durable()).isEqualTo("one");
        assertThat(runs()).hasSize(1);
        flush(3, two);
        assertThat(durable()).isEqualTo("two");
        assertThat(runs()).hasSize(2);
    }

    @Test
    void anIngestGoesToTheBottomWhereNothingOverlapsIt() throws IOException {
        ingest(file(1, "a", "c"));
        ingest(file(2, "d", "f"));
        assertThat(runs()).hasSize(1);
        assertThat(isAtTheBottom()).isTrue();
        ingest(file(3, "b", "e"));
        assertThat(runs()).hasSize(2);
    }

    @Test
    void anIngestMakesTheWaitingCommitDurable() throws IOException {
        commit("waiting", 1);
        ingest(file(1, "a", "c"));
        assertThat(durable()).isEqualTo("waiting");
    }

    private void ingest(FileMeta file) throws IOException {
        boolean[] published = new boolean[1];
        try {
            installer.ingest(List.of(file), ids.incrementAndGet() + 100, () -> published[0] = true);
        } finally {
            file.file().release();
        }
        assertThat(published[0]).isTrue();
    }

    private boolean isAtTheBottom() {
        Version version = store.versions.current();
        try {
            return version.runs().get(0).rank() == SortedRun.BOTTOM;
        } finally {
            version.release();
        }
    }
}
