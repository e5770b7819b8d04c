package io.forebay.store.harness.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/**
 * Crashes small programs after every change on disk, in many ways each, and opens what is left: all programs of one and two
 * operations, a sample of those of three (all in the long profile), then long ones, until enough different disks have been
 * tried. {@code -Dforebay.crash.states=N} says how many, {@code -Dforebay.crash.three=N} how many programs of three; {@code
 * -Dforebay.crash=...}, as printed by a failure, tries one again, {@code -Dforebay.seed=N} the same programs.
 */
class CrashStatesTest {
    @Test
    void everyStateAfterACrashIsACommit() throws Exception {
        String place = System.getProperty("forebay.crash");
        if (place != null) {
            new CrashExplorer(new CrashExplorer.Seen()).replay(place);
            return;
        }
        long wanted = Effort.of("crash.states", 50_000, 10_000_000);
        long seed = Long.getLong("forebay.seed", ThreadLocalRandom.current().nextInt(1 << 30));
        long three = Effort.of("crash.three", 1_000, Long.MAX_VALUE);
        System.out.println("Crash states of programs with -Dforebay.seed=" + seed);
        Figures figures = new Figures(CrashStatesTest.class);
        try {
            explore(new Programs(seed, three), wanted, figures);
        } finally {
            figures.write();
        }
    }

    /** In as many threads as there are processors: explorers share nothing but what they have seen. */
    private static void explore(Programs programs, long wanted, Figures figures) throws Exception {
        CrashExplorer.Seen seen = new CrashExplorer.Seen();
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (int i = Math.min(8, Runtime.getRuntime().availableProcessors()); i > 0; i--) {
            FutureTask<Void> task = new FutureTask<>(() -> explore(programs, wanted, seen, figures), null);
            tasks.add(task);
            new Thread(task, "crash-" + i).start();
        }
        try {
            for (FutureTask<Void> task : tasks) {
                task.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError failure) {
                throw failure;
            }
            throw e;
        } finally {
            programs.stop();
        }
        assertThat((long) seen.distinct()).isGreaterThanOrEqualTo(wanted);
    }

    private static void explore(Programs programs, long wanted, CrashExplorer.Seen seen, Figures figures) {
        CrashExplorer explorer = new CrashExplorer(seen);
        try {
            while (seen.distinct() < wanted) {
                Programs.Next next = programs.next();
                if (next == null) {
                    return;
                }
                explorer.explore(next.setup(), next.program());
            }
        } catch (RuntimeException | Error e) {
            programs.stop();
            throw e;
        } finally {
            explorer.addTo(figures);
        }
    }
}
