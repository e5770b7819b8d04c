package io.forebay.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.crash.Explorer;
import io.forebay.store.testing.crash.Op;
import io.forebay.store.testing.crash.Setup;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Crashes small programs after every change on disk, in many ways each, and opens what is left: all programs of one and two
 * operations, then as many of three, then long ones, until enough different disks have been tried. {@code
 * -Dforebay.crash.states=N} says how many; {@code -Dforebay.crash=...}, as printed by a failure, tries one again.
 */
class CrashStatesTest {
    /** The share of programs that run on encrypted stores, which are not counted as different states. */
    private static final int ENCRYPTED = 25;

    @Test
    void everyStateAfterACrashIsACommit() {
        Figures figures = new Figures(CrashStatesTest.class);
        Explorer explorer = new Explorer(figures);
        String place = System.getProperty("forebay.crash");
        if (place != null) {
            explorer.replay(place);
            return;
        }
        long wanted = Effort.of("crash.states", 100_000, 10_000_000);
        long seed = Long.getLong("forebay.seed", 1);
        System.out.println("Crash states with seed " + seed);
        try {
            explore(explorer, wanted, new Random(seed));
        } finally {
            figures.write();
        }
        assertThat((long) explorer.distinct()).isGreaterThanOrEqualTo(wanted);
    }

    private static void explore(Explorer explorer, long wanted, Random random) {
        List<List<Op>> programs = programs(random);
        for (int i = 0; explorer.distinct() < wanted; i++) {
            List<Op> program = i < programs.size() ? programs.get(i) : longProgram(random);
            explorer.explore(i % 2 == 0 ? Setup.TINY : Setup.EAGER, program);
            if (i % ENCRYPTED == 0) {
                explorer.explore(Setup.ENCRYPTED, program);
            }
        }
    }

    /** Of one operation, of two, of three; each kind shuffled, because an ordinary run does not reach the end. */
    private static List<List<Op>> programs(Random random) {
        List<List<Op>> one = longer(List.of(List.of()), random);
        List<List<Op>> two = longer(one, random);
        List<List<Op>> all = new ArrayList<>(one);
        all.addAll(two);
        all.addAll(longer(two, random));
        return all;
    }

    private static List<List<Op>> longer(List<List<Op>> programs, Random random) {
        List<List<Op>> longer = new ArrayList<>();
        for (List<Op> program : programs) {
            for (Op op : Op.values()) {
                List<Op> next = new ArrayList<>(program);
                next.add(op);
                longer.add(next);
            }
        }
        Collections.shuffle(longer, random);
        return longer;
    }

    private static List<Op> longProgram(Random random) {
        List<Op> program = new ArrayList<>();
        for (int i = 4 + random.nextInt(30); i > 0; i--) {
            program.add(Op.values()[random.nextInt(Op.values().length)]);
        }
        return program;
    }
}
