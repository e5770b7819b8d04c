package io.forebay.store.db.state;

import io.forebay.store.KeyRange;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.util.SystemClock;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.SstInfo;
import io.forebay.store.version.TableCache;
import io.forebay.store.version.Version;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The files of a version stay while a reader holds the state that it is in, although another version takes its place; when both
 * have let go they are deleted, once.
 */
@JCStressTest
@Outcome(id = "1, 1, 1", expect = Expect.ACCEPTABLE, desc = "the old version, with its file")
@Outcome(id = "2, 2, 1", expect = Expect.ACCEPTABLE, desc = "the new version")
@Outcome(
        expect = Expect.FORBIDDEN,
        desc = "a version whose file is gone, a file that stays, or one that is deleted twice")
@State
public class VersionReferencesStress {
    private static final FileId ID = new FileId(0, 1);
    private static final StressParts.IdleExecutor NOBODY = new StressParts.IdleExecutor();

    // Shared, because a state that takes long to make leaves few of them to be tried.
    private static final SlabPool POOL = new SlabPool(StressParts.POISON, 1 << 20);
    private static final TableCache TABLES = new TableCache(new BlockCache(POOL), POOL, 1, MappedFiles.none());
    private static final MemoryArbiter ARBITER = new MemoryArbiter(POOL, NOBODY, new SystemClock());
    private static final Lifecycle LIFECYCLE = new Lifecycle("stress");
    private static final MemoryFileStore FILES = new MemoryFileStore();
    private static final TrackedMemtable MEMTABLE = new TrackedMemtable(new Memtable(POOL, null), 1);

    private final StressParts.IdleExecutor executor = new StressParts.IdleExecutor();
    private final FileRegistry registry = new FileRegistry(FILES, TABLES, executor);
    private final Version first;
    private final Version second = new Version(List.of());
    private final ReadStates states;

    public VersionReferencesStress() {
        PhysicalFile file = registry.acquire(ID, 1);
        FileMeta meta = new FileMeta(ID, new SstInfo(1, 1, 1, 1, 0, 0, 0, null), KeyRange.all(), false, -1, file);
        first = new Version(List.of(new SortedRun(SortedRun.BOTTOM, List.of(meta))));
        file.release();
        MEMTABLE.memtable.retain();
        states = new ReadStates(LIFECYCLE, ARBITER, MEMTABLE, first);
        first.release();
    }

    @Actor
    public void background() {
        states.install(second, List.of());
        second.release();
    }

    @Actor
    public void reader(III_Result seen) {
        ReadState state = states.acquire();
        boolean isFirst = state.version == first;
        seen.r1 = isFirst ? registry.isLive(ID) ? 1 : 0 : 2;
        seen.r2 = isFirst ? registry.isLive(ID) ? 1 : 0 : 2;
        state.release();
    }

    @Arbiter
    public void end(III_Result seen) {
        states.close();
        seen.r3 = registry.isLive(ID) ? -1 : executor.work();
    }
}
