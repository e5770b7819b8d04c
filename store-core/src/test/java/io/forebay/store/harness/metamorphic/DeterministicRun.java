package io.forebay.store.harness.metamorphic;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.testing.TestThreads;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A writer, some readers and the background work of their stores, of which a seed chooses who makes the next step. A
 * choice comes between operations, and also within background work, before it writes to an SST: there readers and the
 * writer may go on while a flush or compaction is half done. One thread at a time, so that a seed has one outcome, which
 * is compared with the {@link Reference} at every step.
 */
final class DeterministicRun {
    /** What the writer may do within background work: nothing that waits for it. */
    private static final Set<Verb> WRITES = EnumSet.of(Verb.PUT, Verb.DELETE, Verb.MERGE, Verb.DELRANGE, Verb.GET);

    private static final Set<Verb> MOVES =
            EnumSet.of(Verb.FIRST, Verb.LAST, Verb.SEEK, Verb.SEEKPREV, Verb.NEXT, Verb.PREV);
    /** What the writer waits for while the store stays open. */
    private static final Set<Verb> WAITS =
            EnumSet.of(Verb.FLUSH, Verb.COMPACT, Verb.COMMITDURABLY, Verb.INGEST, Verb.EXPORT);

    private static final int READERS = 3;
    private static final int MOST_INSIDE = 6;
    /** Enough that nobody waits for it. */
    private static final String MEMORY = Integer.toString(64 << 20);

    /** @param insideSteps steps that were made within background work */
    record Outcome(String hash, List<String> events, long steps, long insideSteps, String difference) {}

    private final Random random;
    private final EventTrace trace = new EventTrace();
    private final Map<FileStore, String> labels = new IdentityHashMap<>();
    private final List<ReaderProgram> readers = new ArrayList<>();
    private final List<Operation> writer;
    private final Reference reference;
    private final StoreSubject subject;
    private int written;
    private boolean started;
    /** What the writer is doing now; null: nothing. */
    private Verb writing;

    private boolean inside;
    private String difference;
    private long steps;
    private long insideSteps;

    private DeterministicRun(long seed, int length) {
        random = new Random(seed);
        writer = HistoryGenerator.history(seed, length).operations();
        for (int i = 0; i < READERS; i++) {
            // the words of the writer, so that they meet
            readers.add(new ReaderProgram(random.nextLong(), "r" + i, new Vocabulary(new Random(seed))));
        }
        OptionSet options = OptionSets.random(random)
                .with("background", "lazy")
                .with("memory", MEMORY)
                // its keys are made of real randomness, always
                .with("encryption", "none");
        trace.add("options " + options);
        reference = new Reference(options.durability() != Durability.NONE);
        subject = new StoreSubject(
                options,
                new Hooks() {
                    @Override
                    public FileStore files(FileStore files) {
                        String label = labels.computeIfAbsent(files, added -> "d" + labels.size());
                        return new TracedFileStore(files, label, DeterministicRun.this::fileOperation);
                    }

                    @Override
                    public void trace(String event) {
                        trace.add(event);
                    }
                },
                reference);
    }

    /** @param length of the writer's history */
    static Outcome of(long seed, int length) {
        // a new thread, because the buffers that the engine keeps for a thread are as large as what was read before
        AtomicReference<Outcome> outcome = new AtomicReference<>();
        TestThreads.onAnother(() -> outcome.set(new DeterministicRun(seed, length).run()));
        return outcome.get();
    }

    private Outcome run() {
        started = true;
        try {
            while (written < writer.size() && difference == null) {
                int dice = random.nextInt(8);
                if (dice < 4) {
                    write();
                } else if (dice < 6) {
                    read(readers.get(random.nextInt(READERS)));
                } else {
                    steps++;
                    subject.step();
                }
            }
        } finally {
            subject.close();
        }
        return new Outcome(trace.hash(), trace.events(), steps, insideSteps, difference);
    }

    private void write() {
        Operation operation = writer.get(written++);
        writing = operation.verb();
        try {
            apply("writer", operation);
        } finally {
            writing = null;
        }
    }

    private void read(ReaderProgram reader) {
        apply("reader", reader.take());
    }

    private void apply(String who, Operation operation) {
        steps++;
        trace.add(who + " " + operation);
        String found = subject.apply(operation);
        // afterwards, as readers may go on while the store waits for its background work
        String expected = reference.apply(operation);
        trace.add("-> " + found);
        if (difference == null && !found.equals(expected)) {
            difference = who + ", " + operation + "\n  expected: " + expected + "\n  found:    " + found;
        }
    }

    private void fileOperation(String event) {
        trace.add(event);
        if (started && !inside && subject.isWorking() && isWriteOfSst(event)) {
            inside = true;
            try {
                TestThreads.onAnother(() -> {
                    for (int count = random.nextInt(MOST_INSIDE); count > 0; count--) {
                        stepInside();
                    }
                });
            } finally {
                inside = false;
            }
        }
    }

    /** Others are made with locks held, which the steps of other threads would have to wait for. */
    private static boolean isWriteOfSst(String event) {
        return event.contains(".sst") && (event.contains(" append ") || event.contains(" sync "));
    }

    private void stepInside() {
        ReaderProgram reader = readers.get(random.nextInt(READERS));
        if (random.nextBoolean()) {
            if (mayRead(reader.peek().verb())) {
                insideSteps++;
                read(reader);
            }
        } else if (writing == null
                && written < writer.size()
                && WRITES.contains(writer.get(written).verb())) {
            insideSteps++;
            subject.allowPauses(true);
            try {
                write();
            } finally {
                subject.allowPauses(false);
            }
        }
    }

    /** A writer that waits may be where a new claim has to wait for it; one that ends a store takes the iterators along. */
    private boolean mayRead(Verb verb) {
        return writing == null || WAITS.contains(writing) && MOVES.contains(verb);
    }

    /** Prints the hash of a seed, for a comparison with another JVM. */
    public static void main(String[] arguments) {
        System.out.println(
                of(Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])).hash());
    }
}
