package io.forebay.store.harness.crash;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What to run on what kind of store, without an end: all programs of one operation, of two, as many of three as are wanted,
 * each kind shuffled, then long random ones. Plain stores come in turn; the others get a share, because their states cost more. Thread-safe.
 */
final class Programs {
    /** A program and the store to run it on. */
    record Next(StoreSetup setup, List<Op> program) {}

    /** Of so many programs one runs on a store with compressed, and one on a store with encrypted files. */
    private static final int SPECIAL = 25;

    private static final List<StoreSetup> USUAL = List.of(StoreSetup.TINY, StoreSetup.EAGER, StoreSetup.VALUES);

    private final Random random;
    private final List<List<Op>> small;
    private int number;
    private boolean stopped;

    /** @param three so many programs of three operations at most */
    Programs(long seed, long three) {
        random = new Random(seed);
        List<List<Op>> one = longer(List.of(List.of()));
        List<List<Op>> two = longer(one);
        small = new ArrayList<>(one);
        small.addAll(two);
        List<List<Op>> all = longer(two);
        small.addAll(all.subList(0, (int) Math.min(three, all.size())));
    }

    /** Null once stopped. */
    synchronized Next next() {
        if (stopped) {
            return null;
        }
        int i = number++;
        List<Op> program = i < small.size() ? small.get(i) : random();
        if (i % SPECIAL == SPECIAL - 1) {
            return new Next(i / SPECIAL % 2 == 0 ? StoreSetup.ENCRYPTED : StoreSetup.COMPRESSED, program);
        }
        return new Next(USUAL.get(i % USUAL.size()), program);
    }

    /** There is nothing more to do. */
    synchronized void stop() {
        stopped = true;
    }

    private List<List<Op>> longer(List<List<Op>> programs) {
        List<List<Op>> longer = new ArrayList<>();
        for (List<Op> program : programs) {
            for (Op op : Op.values()) {
                List<Op> next = new ArrayList<>(program);
                next.add(op);
                longer.add(List.copyOf(next));
            }
        }
        Collections.shuffle(longer, random);
        return longer;
    }

    private List<Op> random() {
        List<Op> program = new ArrayList<>();
        for (int i = 4 + random.nextInt(30); i > 0; i--) {
            program.add(Op.values()[random.nextInt(Op.values().length)]);
        }
        return program;
    }
}
