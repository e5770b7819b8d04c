package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.memtable.Memtable;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import io.forebay.store.version.Version;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which read states that readers hold keep memory that would come back without them. */
class HeldStatesTest {
    private final ManualClock clock = new ManualClock();
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 1 << 20);
    private final MemoryArbiter arbiter = new MemoryArbiter(pool, new SteppedExecutor(clock), clock);
    private final Version version = new Version(List.of());
    private final ReadStates states = new ReadStates(new Lifecycle("held"), arbiter, memtable(1), version);

    private TrackedMemtable memtable(long firstSequence) {
        return new TrackedMemtable(new Memtable(pool, null), firstSequence);
    }

    private void freeze(long lastSequence) {
        states.freeze(memtable(lastSequence + 1), lastSequence, lastSequence, null);
    }

    @Test
    void memtablesAreGivenBackWhenTheyAreFlushedAndReadersHaveLeft() {
        ReadState first = states.acquire();
        freeze(10);
        assertThat(states.activeSince()).isEqualTo(11);
        assertThat(states.hasGivenBack(1)).isTrue();
        assertThat(states.hasGivenBack(11)).as("waits for a flush").isFalse();
        ReadState second = states.acquire();
        states.install(version, states.nextFlush());
        assertThat(states.hasGivenBack(11)).as("two readers").isFalse();
        first.release();
        assertThat(states.hasGivenBack(11)).as("one reader").isFalse();
        second.release();
        assertThat(states.hasGivenBack(11)).isTrue();
        freeze(20);
        assertThat(states.hasGivenBack(11)).as("what came later does not count").isTrue();
        ReadState last = states.acquire();
        states.close();
        assertThat(states.activeSince()).isEqualTo(Long.MAX_VALUE);
        assertThat(states.hasGivenBack(Long.MAX_VALUE)).isFalse();
        last.release();
        assertThat(states.hasGivenBack(Long.MAX_VALUE)).isTrue();
    }

    @Test
    void aStateIsHarmlessUntilSomethingOfItIsFlushed() {
        assertThat(states.harmlessStates()).isZero();
        ReadState first = states.acquire();
        assertThat(states.harmlessStates()).as("not replaced").isZero();
        freeze(10);
        assertThat(states.harmlessStates()).isEqualTo(1);
        ReadState second = states.acquire();
        freeze(20);
        assertThat(states.harmlessStates()).isEqualTo(2);
        states.install(version, states.nextFlush());
        assertThat(states.harmlessStates()).isZero();
        first.release();
        second.release();
        ReadState third = states.acquire();
        states.install(version, List.of());
        assertThat(states.harmlessStates()).as("only files were exchanged").isEqualTo(1);
        third.release();
        assertThat(states.harmlessStates()).isZero();
        states.close();
    }

    /** What waits for a thread to compact a closed store comes first, and does nothing. */
    @Test
    void aClosedStoreComesFirstToCompact() {
        assertThat(states.sortedRuns()).isZero();
        states.close();
        assertThat(states.sortedRuns()).isEqualTo(Integer.MAX_VALUE);
    }
}
