package io.forebay.store.testing.interleave;

import java.util.ArrayList;
import java.util.List;

/**
 * Tries all orders of the steps of two threads that can be told from each other, one run for each: dynamic partial-order
 * reduction. A run is replayed up to a step at which the other thread could have gone first, and had touched the same place
 * later; sleep sets keep it from what was tried before.
 */
public final class ScheduleExplorer {
    /** What came of it. */
    public static final class Outcome {
        /** Runs to the end, each in an order of its own. */
        public final long orders;
        /** Runs that were given up because their order had been tried. */
        public final long repeated;
        /** Steps of all runs. */
        public final long steps;
        /** Whether every order was tried; otherwise the limit was reached first. */
        public final boolean isComplete;
        /** Whether every order was tried in which a thread that could go on is interrupted at most once. */
        public final boolean isCompleteForOneSwitch;
        /** The first wrong answer and the order that led to it, or null. */
        public final String failure;

        private Outcome(ScheduleExplorer explorer) {
            orders = explorer.orders;
            repeated = explorer.repeated;
            steps = explorer.steps;
            isComplete = explorer.isComplete;
            isCompleteForOneSwitch = explorer.isCompleteForOneSwitch;
            failure = explorer.failure;
        }
    }

    /** More steps than any run should have. */
    private static final int MOST_STEPS = 100_000;

    /** A moment at which a thread had to be chosen. */
    private static final class Node {
        final int enabled;
        /** Threads whose next step was tried already in an order that this one cannot be told from. */
        final int sleeping;
        /** The thread that came here, as a bit, if it can go on. To choose the other one is a switch. */
        final int running;
        /** Switches on the way here. */
        final int switches;

        int wanted;
        int done;
        int chosen;
        Access access;
        final String[] pending = new String[2];

        Node(int enabled, int sleeping, int running, int switches, Schedule schedule) {
            this.enabled = enabled;
            this.sleeping = sleeping;
            this.running = (enabled & running) == 0 ? 0 : running;
            this.switches = switches;
            for (int id = 0; id < 2; id++) {
                pending[id] = describe(schedule.thread(id));
            }
        }

        int switchesWith(int bit) {
            return switches + (running != 0 && running != bit ? 1 : 0);
        }

        private static String describe(ControlledThread thread) {
            return thread.ended ? "ended" : thread.next.toString();
        }

        void check(Schedule schedule) {
            for (int id = 0; id < 2; id++) {
                String now = describe(schedule.thread(id));
                if (!now.equals(pending[id])) {
                    throw new AssertionError("A run is not the same again: thread " + id + " was before " + pending[id]
                            + " and is before " + now);
                }
            }
        }
    }

    private final Interleaving interleaving;
    private final long mostRuns;
    private int mostSwitches;
    private boolean isCut;
    private final List<Node> nodes = new ArrayList<>();

    private long orders;
    private long repeated;
    private long steps;
    private boolean isComplete;
    private boolean isCompleteForOneSwitch;
    private String failure;

    // of the run that is under way
    private int depth;
    /** By thread: the last step of the other one that comes before its next step in any order like this one. */
    private final int[] known = new int[2];

    private ControlledThread running;
    private int sleepingNext;

    private ScheduleExplorer(Interleaving interleaving, long mostRuns) {
        this.interleaving = interleaving;
        this.mostRuns = mostRuns;
    }

    /**
     * Until the first wrong answer, or the last order. First come orders in which a thread that could go on is interrupted at
     * most once, then twice, then all.
     *
     * @param mostRuns ends each of the three passes
     */
    public static Outcome explore(Interleaving interleaving, long mostRuns) {
        ScheduleExplorer explorer = new ScheduleExplorer(interleaving, mostRuns);
        explorer.warmUp();
        for (int switches : new int[] {1, 2, Integer.MAX_VALUE}) {
            explorer.mostSwitches = switches;
            explorer.isCut = false;
            explorer.isComplete = explorer.pass();
            explorer.isCompleteForOneSwitch |= switches == 1 && explorer.isComplete;
            if (explorer.failure != null || explorer.isComplete && !explorer.isCut) {
                break;
            }
        }
        return new Outcome(explorer);
    }

    /** @return false when the limit was reached */
    private boolean pass() {
        nodes.clear();
        long runs = 0;
        do {
            if (runs++ == mostRuns) {
                return false;
            }
            depth = 0;
            known[0] = -1;
            known[1] = -1;
            running = null;
            sleepingNext = 0;
            try (Interleaving.Run run = interleaving.begin()) {
                boolean whole = new Schedule(this::choose, run::first, run::second).run();
                steps += depth;
                if (whole) {
                    orders++;
                    String wrong = run.check();
                    if (wrong != null) {
                        failure = wrong + order();
                        return false;
                    }
                } else {
                    repeated++;
                }
            }
        } while (next());
        return true;
    }

    /** So that classes are initialised before the first step. */
    private void warmUp() {
        for (int i = 0; i < 2; i++) {
            try (Interleaving.Run run = interleaving.begin()) {
                if (i == 0) {
                    run.first();
                    run.second();
                } else {
                    run.second();
                    run.first();
                }
                run.check();
            }
        }
    }

    private ControlledThread choose(Schedule schedule) {
        if (depth > MOST_STEPS) {
            throw new AssertionError("No end after " + depth + " steps: " + schedule.describeThreads());
        }
        int enabled = schedule.enabled();
        if (enabled == 0) {
            throw new AssertionError("Nobody can go on: " + schedule.describeThreads() + order());
        }
        Node node;
        if (depth < nodes.size()) {
            node = nodes.get(depth);
            node.check(schedule);
        } else {
            Node before = depth == 0 ? null : nodes.get(depth - 1);
            node = new Node(
                    enabled,
                    sleepingNext,
                    running == null ? 0 : running.bit(),
                    before == null ? 0 : before.switchesWith(running.bit()),
                    schedule);
            int candidates = enabled & ~sleepingNext;
            if (candidates == 0) {
                return null;
            }
            boolean stays = running != null && (candidates & running.bit()) != 0;
            node.chosen = stays ? running.id : Integer.numberOfTrailingZeros(candidates);
            node.wanted = 1 << node.chosen;
            nodes.add(node);
        }
        ControlledThread chosen = schedule.thread(node.chosen);
        node.access = chosen.next;
        findRace(schedule, chosen);
        sleepingNext = 0;
        ControlledThread other = schedule.other(chosen);
        // A pass with a limit takes no account of them: the order that was tried before may have been beyond it.
        if (mostSwitches == Integer.MAX_VALUE
                && ((node.sleeping | node.done) & other.bit()) != 0
                && !other.next.conflictsWith(chosen.next)) {
            sleepingNext = other.bit();
        }
        depth++;
        running = chosen;
        return chosen;
    }

    /** Has the order of this step and the last one of the other thread that it conflicts with reversed in a later run. */
    private void findRace(Schedule schedule, ControlledThread thread) {
        Access access = thread.next;
        int seen = known[thread.id];
        for (int i = depth - 1; i > seen; i--) {
            Node before = nodes.get(i);
            if (before.chosen != thread.id && before.access.conflictsWith(access)) {
                before.wanted |= before.enabled & thread.bit();
                seen = i;
            }
        }
        if (access.isEnter()) {
            seen = Math.max(seen, schedule.leftBefore(thread));
        }
        known[thread.id] = seen;
    }

    /** Prepares the next run; false when there is none. */
    private boolean next() {
        while (!nodes.isEmpty()) {
            Node last = nodes.get(nodes.size() - 1);
            last.done |= 1 << last.chosen;
            int left = last.wanted & ~last.done & ~last.sleeping;
            if (left != 0 && last.switchesWith(left) > mostSwitches) {
                isCut = true;
                left = 0;
            }
            if (left != 0) {
                last.chosen = Integer.numberOfTrailingZeros(left);
                return true;
            }
            nodes.remove(nodes.size() - 1);
        }
        return false;
    }

    /** The order of the run, consecutive steps of a thread as a group. */
    private String order() {
        StringBuilder text = new StringBuilder("\nOrder of steps:");
        int last = -1;
        for (int i = 0; i < Math.min(depth, nodes.size()); i++) {
            Node node = nodes.get(i);
            if (node.chosen != last) {
                text.append("\n  thread ").append(node.chosen).append(':');
                last = node.chosen;
            }
            text.append("\n      ").append(node.access);
        }
        return text.toString();
    }
}
