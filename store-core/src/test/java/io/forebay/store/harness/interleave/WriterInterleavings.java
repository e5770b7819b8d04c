package io.forebay.store.harness.interleave;

import io.forebay.store.Durability;
import io.forebay.store.harness.interleave.InterleavedWriter.Step;
import io.forebay.store.testing.interleave.Interleaving;
import java.util.ArrayList;
import java.util.List;

/** Two writes to a store with a write-ahead log: afterwards it holds what one of the two orders gives, and so it does reopened. */
final class WriterInterleavings implements Interleaving {
    private final InterleavedWriter one;
    private final InterleavedWriter other;
    /** After each of the two orders. */
    private List<String> states;

    private WriterInterleavings(InterleavedWriter one, InterleavedWriter other) {
        this.one = one;
        this.other = other;
    }

    static List<Interleaving> all() {
        List<Interleaving> all = new ArrayList<>();
        List<InterleavedWriter> ones = InterleavedWriter.ofSeveral("one");
        List<InterleavedWriter> others = InterleavedWriter.ofSeveral("other");
        for (int i = 0; i < ones.size(); i++) {
            for (int j = i; j < others.size(); j++) {
                // Two large ones need memory that a flush gives back, and a wait for background work cannot be stepped.
                if (i != j || !ones.get(i).name().equals("large batch")) {
                    all.add(new WriterInterleavings(ones.get(i), others.get(j)));
                }
            }
        }
        return all;
    }

    @Override
    public String name() {
        return "two writers: " + one.name() + " beside " + other.name();
    }

    @Override
    public Run begin() {
        if (states == null) {
            states = List.of(stateAfter(one, other), stateAfter(other, one));
        }
        return new BothRun();
    }

    private static String stateAfter(InterleavedWriter earlier, InterleavedWriter later) {
        try (InterleavedStore world = new InterleavedStore(Durability.BUFFERED)) {
            earlier.before().run(world);
            earlier.steps().forEach(step -> step.run(world));
            later.steps().forEach(step -> step.run(world));
            return InterleavedStore.scan(world.store, true);
        }
    }

    private final class BothRun implements Run {
        private final InterleavedStore world = new InterleavedStore(Durability.BUFFERED);
        private volatile Throwable failure;

        BothRun() {
            one.before().run(world);
        }

        @Override
        public void first() {
            run(one.steps());
        }

        @Override
        public void second() {
            run(other.steps());
        }

        private void run(List<Step> steps) {
            try {
                steps.forEach(step -> step.run(world));
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }

        @Override
        public String check() {
            if (failure != null) {
                return "a writer failed: " + failure;
            }
            String state = InterleavedStore.scan(world.store, true);
            if (!states.contains(state)) {
                return "the store holds " + state + " instead of one of " + states;
            }
            world.reopen();
            String reopened = InterleavedStore.scan(world.store, true);
            return reopened.equals(state) ? null : "the store holds " + state + ", and reopened " + reopened;
        }

        @Override
        public void close() {
            world.close();
        }
    }
}
