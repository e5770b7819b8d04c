package io.forebay.store.harness.crash;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Crashes among concurrent work: a program and the flushes, compactions, deletions and timers that it causes run on threads that
 * take turns at every change of the disk, in an order that a seed chooses, so that a change of one comes between any two of
 * another. After every change, in many ways each, what a crash may leave is opened.
 */
class ConcurrentCrashTest {
    /** A crash of the machine ends all threads; here it is made of every moment instead. */
    private static final List<Op> OPERATIONS = List.of(
            Op.PUT,
            Op.COMMIT,
            Op.COMMIT,
            Op.DURABLE,
            Op.BATCH,
            Op.DELETE,
            Op.FILL,
            Op.FILL,
            Op.FLUSH,
            Op.COMPACT,
            Op.WAIT,
            Op.INGEST,
            Op.ABANDON,
            Op.CHECKPOINT,
            Op.RESTORE,
            Op.REOPEN);

    @Test
    void everyStateAfterACrashIsACommit() {
        int runs = (int) Effort.of("crash.concurrent", 40, 20_000);
        Figures figures = new Figures(ConcurrentCrashTest.class);
        CrashExplorer.Seen seen = new CrashExplorer.Seen();
        try {
            Long given = Long.getLong("forebay.seed");
            for (long seed = given == null ? 1 : given; seed <= (given == null ? runs : given); seed++) {
                explore(seed, seen, figures);
            }
        } finally {
            figures.write();
        }
    }

    private static void explore(long seed, CrashExplorer.Seen seen, Figures figures) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        random.nextLong();
        List<Op> program = new ArrayList<>();
        for (int i = 4 + random.nextInt(12); i > 0; i--) {
            program.add(OPERATIONS.get(random.nextInt(OPERATIONS.size())));
        }
        StoreSetup setup = StoreSetup.values()[random.nextInt(StoreSetup.values().length)];
        CrashExplorer explorer = new CrashExplorer(seen);
        try {
            explorer.exploreConcurrently(setup, program, seed);
        } finally {
            explorer.addTo(figures);
        }
    }
}
