package io.forebay.store;

import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.interleave.Interleaving;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Pairs of operations on a store for {@link InterleavingTest}: what a reader may answer is what it answers when it runs alone
 * after some of the steps of the writer: after at least those that had returned when it began, and at most those that had
 * begun when it returned.
 */
public final class StoreInterleavings implements Supplier<List<Interleaving>> {
    private static final byte[] K = bytes("k");
    private static final String CLOSE = "close of the snapshot";
    /** Alone larger than a quarter of the budget, so that a batch with it is applied piece by piece. */
    private static final byte[] FILL = new byte[300 << 10];

    /** A state of a store and a writer's steps from there. */
    private record Writer(String name, Step before, List<Step> steps) {
        Writer(String name, Step before, Step... steps) {
            this(name, before, List.of(steps));
        }
    }

    /** @param read gives the answer when it is asked for, once background work may be done */
    private record Reader(String name, Function<World, Supplier<String>> read) {}

    @FunctionalInterface
    private interface Step {
        void run(World world);
    }

    private static final class World implements AutoCloseable {
        final SteppedEnvironment environment = new SteppedEnvironment(1 << 20);
        final Store store = environment.open(
                FileStores.inMemory(),
                StoreOptions.builder()
                        .memtableBytes(1 << 10)
                        .commitInterval(Duration.ZERO) // a commit freezes the memtable
                        .mergeFunction(MergeFunction.append((byte) ',')));
        /** Taken right before the two operations begin, if one of them is about it. */
        Snapshot snapshot;

        void step() {
            if (!environment.executor.step()) {
                throw new AssertionError("No background work to do");
            }
        }

        @Override
        public void close() {
            if (snapshot != null) {
                snapshot.close();
            }
            environment.close();
        }
    }

    @Override
    public List<Interleaving> get() {
        List<Interleaving> all = new ArrayList<>();
        for (Writer writer : writers()) {
            for (Reader reader : readers()) {
                // otherwise nothing is overwritten in place
                boolean needsNone = !reader.name.endsWith("of a snapshot");
                if (!(needsNone && writer.name.startsWith(CLOSE))) {
                    all.add(new Pair(writer, reader, !needsNone));
                }
            }
        }
        return all;
    }

    // ---- what the writer does

    private static List<Writer> writers() {
        Step inFiles = world -> {
            fill(world.store);
            world.store.flush();
            world.environment.executor.drain();
        };
        Step inMemory = world -> fill(world.store);
        Step frozen = world -> {
            fill(world.store);
            world.store.commit(new byte[0]);
        };
        Step operands = world -> {
            world.store.merge(K, bytes("o1"));
            world.store.commit(new byte[0]);
            world.store.merge(K, bytes("o2"));
        };
        Step put = world -> world.store.put(K, bytes("new"));
        Step putLong = world -> world.store.put(K, bytes("a value that takes more room than the one before"));
        Step delete = world -> world.store.delete(K);
        Step merge = world -> world.store.merge(K, bytes("op"));
        Step deleteRange = world -> world.store.deleteRange(bytes("a"), bytes("l"));
        Step freeze = world -> world.store.commit(bytes("c"));
        Step background = World::step;
        Step close = world -> world.snapshot.close();
        Step compact = world -> world.store.compact();
        Step batch = StoreInterleavings::batch;
        Step large = StoreInterleavings::largeBatch;
        Step largeDeletes = StoreInterleavings::largeBatchOfDeletes;
        Step ingest = StoreInterleavings::ingest;
        return List.of(
                new Writer("put in files", inFiles, put),
                new Writer("put in memory", inMemory, put),
                new Writer("put frozen", frozen, put),
                new Writer("longer put in memory", inMemory, putLong),
                new Writer("two puts in memory", inMemory, put, put),
                new Writer("delete in files", inFiles, delete),
                new Writer("delete in memory", inMemory, delete),
                new Writer("merge in files", inFiles, merge),
                new Writer("merge in memory", inMemory, merge),
                new Writer("merge on operands", operands, merge, merge),
                new Writer("range delete in files", inFiles, deleteRange),
                new Writer("range delete and put in memory", inMemory, deleteRange, put),
                new Writer("batch in files", inFiles, batch),
                new Writer("batch in memory", inMemory, batch),
                new Writer("large batch in files", inFiles, large),
                new Writer("large batch in memory", inMemory, large),
                new Writer("large batch of deletes", inFiles, largeDeletes),
                new Writer("large batch, flushed in the middle", frozen, large, background),
                new Writer("ingest", inFiles, ingest),
                new Writer("ingest and merge", inFiles, ingest, merge),
                new Writer("ingest and put", inFiles, ingest, put),
                new Writer("freeze and put", inMemory, freeze, put),
                new Writer("freeze and flush", inMemory, freeze, background),
                new Writer("flush", frozen, background),
                new Writer("flush and put", frozen, background, put),
                new Writer("put and flush", frozen, put, background),
                new Writer("compaction", operands, compact),
                new Writer(CLOSE + " and put", inMemory, close, put),
                new Writer(CLOSE + " and delete", frozen, close, delete),
                new Writer(CLOSE + " and compaction", inFiles, put, close, compact));
    }

    private static void batch(World world) {
        WriteBatch batch = new WriteBatch();
        batch.put(K, bytes("mid"));
        batch.delete(bytes("a"));
        batch.merge(K, bytes("op"));
        world.store.write(batch);
    }

    private static void largeBatch(World world) {
        WriteBatch batch = new WriteBatch();
        batch.put(K, bytes("mid"));
        batch.delete(bytes("z"));
        batch.put(bytes("f"), FILL);
        batch.put(K, bytes("fin"));
        world.store.write(batch);
    }

    private static void largeBatchOfDeletes(World world) {
        WriteBatch batch = new WriteBatch();
        batch.deleteRange(bytes("a"), bytes("z"));
        batch.put(bytes("f"), FILL);
        batch.merge(K, bytes("fin"));
        world.store.write(batch);
    }

    private static void ingest(World world) {
        try (SortedIngest ingest = world.store.ingest()) {
            ingest.add(bytes("b"), bytes("in"));
            ingest.add(K, bytes("base"));
            ingest.finish();
        }
    }

    private static void fill(Store store) {
        store.put(bytes("a"), bytes("first"));
        store.put(K, bytes("old"));
        store.put(bytes("z"), bytes("last"));
    }

    // ---- what the reader does

    private static List<Reader> readers() {
        return List.of(
                new Reader("get", world -> now(text(world.store.get(K)))),
                new Reader("multiGet", world -> now(texts(world.store.multiGet(List.of(K, bytes("a"), bytes("z")))))),
                new Reader("scan", world -> now(scan(world.store, true))),
                new Reader("scan backwards", world -> now(scan(world.store, false))),
                new Reader("snapshot", world -> {
                    try (Snapshot snapshot = world.store.snapshot()) {
                        return now(text(snapshot.get(K)) + " " + text(snapshot.get(bytes("z"))));
                    }
                }),
                new Reader("get of a snapshot", world -> now(text(world.snapshot.get(K)))),
                new Reader(
                        "multiGet of a snapshot", world -> now(texts(world.snapshot.multiGet(List.of(K, bytes("z")))))),
                new Reader("scan of a snapshot", world -> now(scan(world.snapshot, true))),
                new Reader("checkpoint", StoreInterleavings::checkpoint));
    }

    private static Supplier<String> now(String answer) {
        return () -> answer;
    }

    private static String scan(ReadView view, boolean forward) {
        StringBuilder text = new StringBuilder();
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            if (forward) {
                iterator.seekToFirst();
            } else {
                iterator.seekToLast();
            }
            while (iterator.isValid()) {
                text.append(text(iterator.key()))
                        .append('=')
                        .append(text(iterator.value()))
                        .append(' ');
                if (forward) {
                    iterator.next();
                } else {
                    iterator.prev();
                }
            }
        }
        return text.toString();
    }

    /** Taken now, restored when background work can be done. */
    private static Supplier<String> checkpoint(World world) {
        Checkpoint checkpoint = world.store.checkpoint(new byte[0]);
        return () -> {
            world.environment.executor.drain();
            checkpoint.completion().join();
            FileStore copy = FileStores.inMemory();
            checkpoint.writeTo(copy);
            RestoreSource source = new RestoreSource(copy, checkpoint.metadata(), KeyRange.all());
            checkpoint.close();
            try (SteppedEnvironment other = new SteppedEnvironment();
                    Store restored = other.environment.restore(
                            FileStores.inMemory(),
                            StoreOptions.builder()
                                    .mergeFunction(MergeFunction.append((byte) ','))
                                    .build(),
                            List.of(source),
                            new byte[0])) {
                return scan(restored, true);
            }
        };
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return bytes == null
                ? "none"
                : bytes.length > 1000 ? bytes.length + " bytes" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static String texts(List<byte[]> values) {
        return values.stream().map(StoreInterleavings::text).toList().toString();
    }

    // ---- both

    private static final class Pair implements Interleaving {
        private final Writer writer;
        private final Reader reader;
        private final boolean ofSnapshot;
        /** By the number of steps that the writer has done. */
        private List<String> answers;

        Pair(Writer writer, Reader reader, boolean ofSnapshot) {
            this.writer = writer;
            this.reader = reader;
            this.ofSnapshot = ofSnapshot;
        }

        @Override
        public String name() {
            return writer.name + " beside " + reader.name;
        }

        @Override
        public Run begin() {
            if (answers == null) {
                answers = new ArrayList<>();
                for (int steps = 0; steps <= writer.steps.size(); steps++) {
                    try (PairRun alone = new PairRun(this)) {
                        writer.steps.subList(0, steps).forEach(step -> step.run(alone.world));
                        answers.add(alone.answer());
                    }
                }
            }
            return new PairRun(this);
        }
    }

    private static final class PairRun implements Interleaving.Run {
        private final Pair pair;
        private final World world = new World();
        private int begun;
        private int returned;
        private int atLeast;
        private int atMost;
        private Supplier<String> answer;
        private Throwable failure;

        PairRun(Pair pair) {
            this.pair = pair;
            pair.writer.before.run(world);
            world.snapshot = pair.ofSnapshot ? world.store.snapshot() : null;
        }

        @Override
        public void first() {
            atLeast = returned;
            answer = ask();
            atMost = begun;
        }

        private Supplier<String> ask() {
            try {
                return pair.reader.read.apply(world);
            } catch (StoreClosedException e) {
                return now("closed");
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
                for (Step step : pair.writer.steps) {
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
