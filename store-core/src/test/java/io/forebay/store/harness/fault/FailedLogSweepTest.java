package io.forebay.store.harness.fault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashMoment;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A write-ahead log fails, at each operation on it that can; and while the store is being repaired something else happens, at each
 * operation on files of that repair: another failure, or the end of the store by another thread. Whatever a kill or a crash leaves
 * after any change of the disk from the failure on opens with everything that was acknowledged.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailedLogSweepTest {
    private static final int BUDGET = 1 << 20;

    /** What was written when the log fails. */
    private enum Workload {
        /** One memtable. */
        SMALL {
            @Override
            void write(Run run) {
                run.put("b", 10);
            }
        },
        /** Two memtables that no flush may join. */
        BEHIND_A_CHECKPOINT {
            @Override
            void write(Run run) {
                run.checkpoint = run.store.checkpoint(new byte[0]);
                run.put("b", 10);
                run.commit("payload");
                run.put("c", 10);
            }
        },
        /** Memtables end in it and, as its values are larger than they, with it. */
        LARGE_BATCH {
            @Override
            void write(Run run) {
                WriteBatch batch = new WriteBatch();
                for (int i = 0; i < 4; i++) {
                    batch.put(bytes("large" + i), new byte[100_000]);
                }
                run.change(() -> run.store.write(batch), "large0", "large1", "large2", "large3");
            }
        };

        abstract void write(Run run);
    }

    /** What happens during the repair. */
    private enum Meanwhile {
        NOTHING,
        FAILURE,
        LATE_FAILURE,
        CLOSE,
        DISCARD
    }

    private static final Figures FIGURES = new Figures(FailedLogSweepTest.class);
    /** Disks that were opened already, each with what was acknowledged. */
    private final Set<Long> seen = new HashSet<>();

    @ParameterizedTest
    @EnumSource(Workload.class)
    void whateverHappensDuringTheRepair(Workload workload) {
        int runs = 0;
        for (Fault fault : List.of(Fault.SHORT_WRITE, Fault.FAILED_SYNC)) {
            for (int failing = 1; new Run(workload, fault, failing, Meanwhile.NOTHING, 0).fails(); failing++) {
                for (Meanwhile meanwhile : Meanwhile.values()) {
                    int at = 1;
                    while (meanwhile != Meanwhile.NOTHING
                            && new Run(workload, fault, failing, meanwhile, at).happens()) {
                        at++;
                        runs++;
                    }
                    assertThat(at).isGreaterThan(meanwhile == Meanwhile.NOTHING ? 0 : 5);
                }
            }
        }
        FIGURES.add("runs", runs);
        FIGURES.add("crash states", seen.size());
        FIGURES.write();
    }

    private final class Run {
        private final String what;
        private final CrashDisk disk = new CrashDisk();
        private final FaultInjector faults = new FaultInjector();
        private final SteppedEnvironment stepped = new SteppedEnvironment(BUDGET, new Random(3));
        private final Meanwhile meanwhile;
        private final int at;
        private final boolean failed;
        private final List<String> acknowledged = new ArrayList<>();
        private String payload = "";
        private boolean happened;
        /** Found in the middle of work of the store, which would take it for a failure of that work. */
        private AssertionError found;

        private Checkpoint checkpoint;
        private Store store;

        /**
         * @param failing number of the operation of the workload that fails
         * @param at number of the operation of the repair at which the other thing happens
         */
        Run(Workload workload, Fault fault, int failing, Meanwhile meanwhile, int at) {
            what = workload + ", " + fault + " at " + failing + ", " + meanwhile + " at " + at + " of the repair";
            this.meanwhile = meanwhile;
            this.at = at;
            store = stepped.open(new FaultFileStore(disk.directory("store"), faults), options());
            put("a", 10);
            faults.arm(fault, failing, false);
            failed = !completes(() -> workload.write(this));
        }

        private static StoreOptions.Builder options() {
            return StoreOptions.builder().durability(Durability.SYNCED).memtableBytes(64 << 10);
        }

        void put(String key, int bytes) {
            change(() -> store.put(bytes(key), new byte[bytes]), key);
        }

        void commit(String next) {
            store.commitDurably(bytes(next));
            payload = next;
        }

        void change(Runnable change, String... keys) {
            change.run();
            acknowledged.addAll(List.of(keys));
        }

        /** Whether the log failed; goes on with nothing in the way of the repair. */
        boolean fails() {
            if (failed) {
                assertThat(faults.struck()).as(what).isNotNull();
                repairAndGoOn();
            }
            end();
            return failed;
        }

        /** Whether the repair came as far as to where the other thing happens. */
        boolean happens() {
            faults.onSlow(operation -> endMeanwhile());
            faults.arm(
                    switch (meanwhile) {
                        case FAILURE -> Fault.IO_ERROR;
                        case LATE_FAILURE -> Fault.LATE_ERROR;
                        default -> Fault.SLOW;
                    },
                    at,
                    false);
            repairAndGoOn();
            end();
            return happened;
        }

        private void repairAndGoOn() {
            disk.watch(this::changed);
            boolean repaired = completes(store::resume);
            happened = meanwhile != Meanwhile.NOTHING && faults.struck() != null;
            faults.heal();
            boolean ended = happened && (meanwhile == Meanwhile.CLOSE || meanwhile == Meanwhile.DISCARD);
            if (ended) {
                assertThat(repaired).as(what).isFalse();
            } else {
                assertThat(repaired || completes(store::resume)).as(what).isTrue();
                put("after", 10);
                commit("after");
            }
        }

        /** Goes on when the other thread waits for the repair. */
        private void endMeanwhile() {
            Thread ending =
                    new Thread(meanwhile == Meanwhile.CLOSE ? store::close : store::discard, "end of the store");
            ending.start();
            while (ending.getState() != Thread.State.WAITING) {
                assertThat(ending.isAlive()).as(what).isTrue();
                Thread.yield();
            }
        }

        private void end() {
            faults.heal();
            store.close(); // or waits for the other thread
            disk.watch(null);
            if (found != null) {
                throw found;
            }
            check("the end");
            if (checkpoint != null) {
                checkpoint.close();
            }
            stepped.close();
            assertThat(faults.violations()).as(what).isEmpty();
            assertThat(faults.open()).as(what).isZero();
            assertThat(stepped.slabs.outstanding()).as(what).isZero();
        }

        private void changed(String change) {
            try {
                check(change);
            } catch (AssertionError e) {
                found = found == null ? e : found;
            }
        }

        private void check(String change) {
            CrashMoment moment = disk.moment();
            check(moment.afterKill(), "kill after " + change);
            for (int variant = 0; variant < 3 && !moment.isSettled(); variant++) {
                CrashChoice choice = CrashChoice.variant(variant, 1);
                check(moment.afterCrash(choice), choice + " after " + change);
            }
        }

        private void check(CrashDisk left, String how) {
            if (!seen.add(left.hash() * 31 + acknowledged.hashCode() + payload.hashCode())) {
                return;
            }
            String where = what + ", " + how;
            try (SteppedEnvironment other = new SteppedEnvironment(BUDGET, new Random(4))) {
                Store reopened = other.open(left.directory("store"), options());
                for (String key : acknowledged) {
                    assertThat(reopened.get(bytes(key)))
                            .as("%s: %s", where, key)
                            .isNotNull();
                }
                if (!payload.isEmpty()) {
                    assertThat(new String(reopened.committedPayload(), UTF_8))
                            .as(where)
                            .isIn(payload, "after");
                }
                assertThat(reopened.verify().isClean()).as(where).isTrue();
            } catch (RuntimeException e) {
                throw new AssertionError(where, e);
            }
        }
    }

    private static boolean completes(Runnable work) {
        try {
            work.run();
            return true;
        } catch (StoreException e) {
            return false;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
