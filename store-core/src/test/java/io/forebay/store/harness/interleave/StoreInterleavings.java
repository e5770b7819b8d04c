package io.forebay.store.harness.interleave;

import io.forebay.store.Durability;
import io.forebay.store.StoreClosedException;
import io.forebay.store.testing.interleave.Interleaving;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Pairs of operations on a store for {@link InterleavingTest}: what a reader may answer is what it answers when it runs alone
 * after some of the steps of the writer: after at least those that had returned when it began, and at most those that had
 * begun when it returned.
 */
public final class StoreInterleavings implements Supplier<List<Interleaving>> {
    @Override
    public List<Interleaving> get() {
        List<Interleaving> all = new ArrayList<>();
        for (InterleavedWriter writer : InterleavedWriter.all()) {
            for (InterleavedReader reader : InterleavedReader.all()) {
                boolean hasSnapshot = reader.opened() == InterleavedStore.Opened.SNAPSHOT;
                if (hasSnapshot || !writer.closesTheSnapshot()) {
                    all.add(new Pair(writer, reader));
                }
            }
        }
        all.addAll(WriterInterleavings.all());
        all.addAll(BackgroundInterleavings.all());
        return all;
    }

    private static final class Pair implements Interleaving {
        private final InterleavedWriter writer;
        private final InterleavedReader reader;
        /** By the number of steps that the writer has done. */
        private List<String> answers;

        Pair(InterleavedWriter writer, InterleavedReader reader) {
            this.writer = writer;
            this.reader = reader;
        }

        @Override
        public String name() {
            return writer.name() + " beside " + reader.name();
        }

        @Override
        public Run begin() {
            if (answers == null) {
                answers = new ArrayList<>();
                for (int steps = 0; steps <= writer.steps().size(); steps++) {
                    try (PairRun alone = new PairRun(this)) {
                        writer.steps().subList(0, steps).forEach(step -> step.run(alone.world));
                        answers.add(alone.answer());
                    }
                }
            }
            return new PairRun(this);
        }
    }

    private static final class PairRun implements Interleaving.Run {
        private final Pair pair;
        private final InterleavedStore world = new InterleavedStore(Durability.NONE);
        private int begun;
        private int returned;
        private int atLeast;
        private int atMost;
        private Supplier<String> answer;
        private Throwable failure;

        PairRun(Pair pair) {
            this.pair = pair;
            pair.writer.before().run(world);
            world.open(pair.reader.opened());
        }

        @Override
        public void first() {
            atLeast = returned;
            answer = ask();
            atMost = begun;
        }

        private Supplier<String> ask() {
            try {
                return pair.reader.read().apply(world);
            } catch (StoreClosedException e) {
                return () -> "closed";
            } catch (RuntimeException | Error e) {
                return () -> {
                    throw e;
                };
            }
        }

        String answer() {
            return ask().get();
        }

        @Override
        public void second() {
            try {
                for (InterleavedWriter.Step step : pair.writer.steps()) {
                    begun++;
                    step.run(world);
                    returned++;
                }
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }

        @Override
        public String check() {
            if (failure != null) {
                return "the writer failed: " + trace(failure);
            }
            String got;
            String afterwards;
            try {
                got = answer.get();
                afterwards = answer();
            } catch (RuntimeException | Error e) {
                return "the reader failed: " + trace(e);
            }
            List<String> possible = pair.answers.subList(atLeast, atMost + 1);
            if (!possible.contains(got)) {
                return "the answer was \"" + got + "\", of " + possible + ", and \"" + afterwards + "\" later";
            }
            String last = pair.answers.get(returned);
            return afterwards.equals(last) ? null : "afterwards the answer was \"" + afterwards + "\", not " + last;
        }

        private static String trace(Throwable failure) {
            StringBuilder text = new StringBuilder(failure.toString());
            for (StackTraceElement frame : failure.getStackTrace()) {
                text.append("\n    ").append(frame);
            }
            return text.toString();
        }

        @Override
        public void close() {
            world.close();
        }
    }
}
