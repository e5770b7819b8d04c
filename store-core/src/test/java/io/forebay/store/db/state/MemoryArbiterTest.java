package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.db.state.MemoryArbiter.Freeze;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which store gives its memory back. */
class MemoryArbiterTest {
    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor executor = new SteppedExecutor(clock);
    private final SlabPool pool = new SlabPool(new HeapSlabs(), 1 << 20);
    private final MemoryArbiter arbiter = new MemoryArbiter(pool, executor, clock);
    private final List<Tenant> asked = new ArrayList<>();

    /** Neighbours' writers go on writing while somebody looks for the largest memtable. */
    @Test
    void sizesThatChangeMeanwhileAreNoObstacle() {
        Seeds.run(getClass(), 200, seed -> {
            Random random = new Random(seed);
            MemoryArbiter crowded =
                    new MemoryArbiter(new SlabPool(new HeapSlabs(), 1 << 20), new SteppedExecutor(clock), clock);
            for (int i = 0; i < 100; i++) {
                crowded.add(new Tenant(0, Freeze.BUSY) {
                    @Override
                    public long activeBytes() {
                        return random.nextLong(1, 1000);
                    }
                });
            }
            asked.clear();
            assertThat(crowded.freezeLarger(null, 0, MemoryTenant::tryFreeze)).isEqualTo(Freeze.BUSY);
            assertThat(asked).hasSize(100).doesNotHaveDuplicates();
        });
    }

    @Test
    void theLargestGoesFirstAndNobodySmallerThanTheAsker() {
        Tenant self = new Tenant(50, Freeze.DONE);
        Tenant small = new Tenant(50, Freeze.DONE);
        Tenant middle = new Tenant(51, Freeze.DONE);
        Tenant large = new Tenant(52, Freeze.BUSY);
        List.of(small, self, middle, large).forEach(arbiter::add);
        assertThat(arbiter.freezeLarger(self, 50, MemoryTenant::tryFreeze)).isEqualTo(Freeze.DONE);
        assertThat(asked).containsExactly(large, middle);
    }

    /** A writer takes memory from the pool before its memtable shows any, and gives it back when that does not suffice. */
    @Test
    void aWriteThatIsUnderWayMayGiveMemoryBackThoughItsMemtableIsEmpty() {
        int[] looks = {0};
        arbiter.add(new Tenant(0, Freeze.NOTHING) {
            @Override
            public String busyStore() {
                if (++looks[0] == 3) {
                    comeBack();
                }
                return "neighbour";
            }
        });
        assertThat(await()).isEqualTo(MemoryArbiter.Ended.CAME);
        assertThat(looks[0]).isGreaterThanOrEqualTo(3);
    }

    /** Its memory is in the active memtable at the first look, and needs no freeze at the second one. */
    @Test
    void aCloseThatBeginsBetweenTheLooksGivesMemoryBack() {
        class Closing extends Tenant {
            private boolean begun;

            Closing() {
                super(1, Freeze.NOTHING);
            }

            @Override
            public boolean awaitsFlush() {
                return begun;
            }

            @Override
            public Freeze tryFreeze() {
                begun = true;
                executor.execute(BackgroundExecutor.Kind.FLUSH, MemoryArbiterTest.this::comeBack);
                return Freeze.NOTHING;
            }
        }
        Closing first = new Closing();
        arbiter.add(first);
        assertThat(arbiter.nothingComes(request())).isFalse();
        arbiter.remove(first);
        arbiter.add(new Closing());
        assertThat(await()).isEqualTo(MemoryArbiter.Ended.CAME);
    }

    /** At the first look its memory is not in the memtable yet, at the second one nobody is inside any more. */
    @Test
    void aWriteThatEndsBetweenTheLooksLeavesItsMemoryInTheMemtable() {
        arbiter.add(new Tenant(0, Freeze.DONE) {
            private boolean ended;

            @Override
            public long activeBytes() {
                long bytes = ended ? 1 : 0;
                ended = true;
                return bytes;
            }

            @Override
            public String busyStore() {
                String name = ended ? null : "neighbour";
                ended = true;
                return name;
            }
        });
        assertThat(arbiter.nothingComes(request())).isFalse();
    }

    @Test
    void nothingComesWhenNobodyHasAnything() {
        arbiter.add(new Tenant(0, Freeze.NOTHING));
        arbiter.add(new Tenant(1, Freeze.NOTHING)); // its writer waits with nothing to freeze
        MemoryRequest request = request();
        assertThat(arbiter.await(request, false, () -> {})).isEqualTo(MemoryArbiter.Ended.NOTHING);
        assertThat(arbiter.nothingComes(request)).isTrue();
    }

    /** The attempt may have failed for what was moved, or held for a moment by somebody who was refused as well. */
    @Test
    void whatMovedDuringTheAttemptMakesItWorthAnother() {
        MemoryRequest request = request();
        arbiter.refused();
        assertThat(arbiter.nothingComes(request)).isFalse();
        request.attempting();
        comeBack();
        assertThat(arbiter.nothingComes(request)).isFalse();
        request.attempting();
        arbiter.stateReplaced();
        assertThat(arbiter.nothingComes(request)).isFalse();
        request.attempting();
        assertThat(arbiter.nothingComes(request)).isFalse();
        arbiter.stateReleased();
        request.attempting();
        assertThat(arbiter.nothingComes(request)).isTrue();
    }

    /** A compaction has the memory that is missing; what it takes next is not waited for. */
    @Test
    void aJobUnderWayGivesBackWhatItUsesToReadAhead() {
        int windows = (1 << 20) / 16;
        assertThat(pool.tryReserve(SlabPool.Use.READ_AHEAD, windows)).isTrue();
        assertThat(pool.tryReserve(SlabPool.Use.READ_AHEAD, 1)).as("a ceiling").isFalse();
        assertThat(pool.tryReserve(SlabPool.Use.METADATA, (1 << 20) - windows)).isTrue();
        MemoryArbiter helped = new MemoryArbiter(pool, new Helping(windows), clock);
        MemoryRequest request = new MemoryRequest(helped, null, "a test", windows);
        assertThat(helped.nothingComes(request)).isFalse();
        assertThat(helped.isOver(request)).isFalse();
        assertThat(helped.await(request, false, () -> {})).isEqualTo(MemoryArbiter.Ended.CAME);
        assertThat(helped.nothingComes(request))
                .as("that was after the attempt")
                .isFalse();
        assertThat(pool.tryReserve(SlabPool.Use.READ_AHEAD, windows)).isTrue();
        assertThat(helped.isOver(request)).isTrue();
    }

    @Test
    void whatJobsUseIsNotWaitedForWhenItWouldNotSuffice() {
        int windows = (1 << 20) / 16;
        assertThat(pool.tryReserve(SlabPool.Use.READ_AHEAD, windows)).isTrue();
        assertThat(pool.tryReserve(SlabPool.Use.METADATA, (1 << 20) - windows)).isTrue();
        MemoryRequest request = new MemoryRequest(arbiter, null, "a test", windows + 1);
        assertThat(arbiter.await(request, false, () -> {})).isEqualTo(MemoryArbiter.Ended.NOTHING);
        assertThat(arbiter.nothingComes(request)).isTrue();
        assertThat(arbiter.isOver(request)).isTrue();
        assertThatThrownBy(() -> {
                    for (int attempt = 0; attempt < 16; attempt++) {
                        request.failed(MemoryArbiter.Ended.NOTHING, () -> false);
                    }
                })
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("Jobs under way have " + windows + " bytes to read ahead");
    }

    /** The job ends when somebody waits for it. */
    private class Helping extends ForwardingExecutor {
        private final long windows;

        Helping(long windows) {
            super(executor);
            this.windows = windows;
        }

        @Override
        public boolean help() {
            pool.unreserve(SlabPool.Use.READ_AHEAD, windows);
            return true;
        }
    }

    private MemoryArbiter.Ended await() {
        return arbiter.await(request(), false, () -> {});
    }

    private MemoryRequest request() {
        return new MemoryRequest(arbiter, null, "a test", 0);
    }

    private void comeBack() {
        arbiter.stateReplaced();
        arbiter.stateReleased();
    }

    private class Tenant implements MemoryTenant {
        private final long bytes;
        private final Freeze answer;

        Tenant(long bytes, Freeze answer) {
            this.bytes = bytes;
            this.answer = answer;
        }

        @Override
        public long activeBytes() {
            return bytes;
        }

        @Override
        public boolean awaitsFlush() {
            return false;
        }

        @Override
        public Freeze tryFreeze() {
            asked.add(this);
            return answer;
        }

        @Override
        public long activeSince() {
            return 1;
        }

        @Override
        public boolean hasGivenBack(long since) {
            return !awaitsFlush();
        }
    }
}
