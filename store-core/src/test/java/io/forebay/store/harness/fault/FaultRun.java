package io.forebay.store.harness.fault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Operation;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A store on a disk that fails, the model of it, and the commits that a recovery may come back to. A change of the store
 * that throws has not happened, so the model follows after the store.
 */
class FaultRun {
    /** What a scenario does; typed errors end it. */
    interface Body {
        void run(FaultRun run) throws Exception;
    }

    private record Commit(String payload, Model state) {}

    private static final long MINUTE = 60_000_000_000L;
    private static final Set<Operation> WRITES =
            EnumSet.of(Operation.CREATE, Operation.APPEND, Operation.SYNC, Operation.SYNC_DIRECTORY, Operation.DELETE);

    final FaultInjector faults = new FaultInjector();
    final CrashFileStore disk = new CrashFileStore();
    final FaultFileStore files;
    final Random random;
    final ManualClock clock = new ManualClock();
    final StoreOptions options;
    private final List<Commit> commits = new ArrayList<>();
    private int acknowledged;

    /** The ingest that was begun last, or null. */
    SortedIngest lastIngest;

    private HeapSlabs slabs;
    SteppedExecutor executor;
    Environment environment;
    /** Null while it is not open. */
    Store store;

    Model model = new Model();
    /** The change that the store is making; stays when that throws, and then may have happened all the same. */
    Consumer<Model> pending;

    /** @param mapped whether files are read in place */
    FaultRun(long seed, StoreOptions options, boolean mapped) {
        this.random = new Random(seed);
        this.options = options;
        if (mapped) {
            disk.mappable();
        }
        files = new FaultFileStore(disk, faults);
        commits.add(new Commit("", new Model()));
        faults.onSlow(this::meanwhile);
        newEnvironment();
    }

    private void newEnvironment() {
        slabs = new HeapSlabs();
        executor = new SteppedExecutor(clock);
        environment = environment(executor, slabs);
    }

    private Environment environment(SteppedExecutor steps, HeapSlabs memory) {
        return Environment.builder()
                .memoryBytes(1 << 20)
                .clock(clock)
                .executor(steps)
                .allocator(memory)
                .random(random::nextLong)
                .build();
    }

    /**
     * While an operation takes its time, others may read. Here it is the same thread, which must not be in the middle of a
     * read itself.
     */
    private void meanwhile(Operation operation) {
        clock.advance(MINUTE);
        if (store != null && WRITES.contains(operation)) {
            try {
                byte[] stable = store.get(key("stable"));
                if (stable != null) {
                    assertThat(stable).isEqualTo(key("stable"));
                }
            } catch (StoreClosedException e) {
                // it is being closed
            }
        }
    }

    static byte[] key(String text) {
        return text.getBytes(UTF_8);
    }

    void open() {
        store = environment.open(files, options);
    }

    void put(String key, String value) {
        change(after -> after.put(key(key), key(value)), () -> store.put(key(key), key(value)));
    }

    void put(String key, int valueBytes) {
        put(key, "x".repeat(valueBytes));
    }

    void delete(String key) {
        change(after -> after.delete(key(key)), () -> store.delete(key(key)));
    }

    private void change(Consumer<Model> change, Runnable onStore) {
        pending = change;
        onStore.run();
        change.accept(model);
        pending = null;
    }

    void merge(String key, String operand) {
        change(after -> after.merge(key(key), key(operand)), () -> store.merge(key(key), key(operand)));
    }

    void deleteRange(String from, String to) {
        byte[] end = to == null ? null : key(to);
        change(after -> after.deleteRange(key(from), end), () -> store.deleteRange(key(from), end));
    }

    /** So many puts of small values, with a common number in their values. */
    void fill(String prefix, int count, int round) {
        for (int i = 0; i < count; i++) {
            put(prefix + i, "value " + round + " of " + i);
        }
    }

    void commit() {
        store.commit(nextPayload());
    }

    void commitDurably() {
        byte[] payload = nextPayload();
        int number = commits.size() - 1;
        store.commitDurably(payload);
        acknowledged = number;
    }

    /** Noted before the call, because a commit that was answered with an error may become durable all the same. */
    private byte[] nextPayload() {
        String payload = "commit " + commits.size();
        commits.add(new Commit(payload, model.copy()));
        return payload.getBytes(UTF_8);
    }

    Checkpoint checkpoint() {
        return checkpoint(store);
    }

    Checkpoint checkpoint(Store other) {
        Checkpoint checkpoint = other.checkpoint(key("checkpoint"));
        awaitCompletion(checkpoint);
        return checkpoint;
    }

    void awaitCompletion(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            executor.help();
        }
    }

    Store restore(FileStore place, List<RestoreSource> sources) {
        return environment.restore(place, options, sources, key("restored"));
    }

    /** All kinds of operations, with values of 500 bytes. */
    void batch(int count) {
        WriteBatch batch = new WriteBatch();
        Model after = model.copy();
        for (int i = 0; i < count; i++) {
            byte[] key = key("a" + random.nextInt(100));
            byte[] value = new byte[500];
            switch (random.nextInt(8)) {
                case 0 -> {
                    batch.delete(key);
                    after.delete(key);
                }
                case 1 -> {
                    batch.merge(key, value);
                    after.merge(key, value);
                }
                case 2 -> {
                    byte[] to = key("a" + (random.nextInt(100) + 1));
                    batch.deleteRange(key, to);
                    after.deleteRange(key, to);
                }
                default -> {
                    batch.put(key, value);
                    after.put(key, value);
                }
            }
        }
        change(state -> state.become(after), () -> store.write(batch));
    }

    SortedIngest startIngest() {
        lastIngest = store.ingest();
        return lastIngest;
    }

    void ingest(String prefix, int count) {
        Model after = model.copy();
        try (SortedIngest ingest = startIngest()) {
            for (int i = 0; i < count; i++) {
                byte[] key = key(prefix + (1000 + i));
                byte[] value = key("ingested " + i + " ".repeat(300));
                ingest.add(key, value);
                after.put(key, value);
            }
            change(state -> state.become(after), ingest::finish);
        }
    }

    void check() {
        model.assertSame(store, KeyRange.all(), "in the scenario");
    }

    /** The typed error that {@code work} ends with, or null. */
    StoreException failure(Runnable work) {
        try {
            work.run();
            return null;
        } catch (StoreException e) {
            return e;
        }
    }

    /** Lets time pass, and does what is due then. */
    void pass() {
        clock.advance(MINUTE);
        executor.drain();
    }

    void close() {
        if (store != null) {
            Store last = store;
            store = null;
            last.close();
        }
    }

    /** Runs to the end or to the first typed error. @return that error, or null */
    Exception attempt(Body body) {
        try {
            body.run(this);
            return null;
        } catch (StoreException e) {
            return e;
        } catch (FaultScenario.RawRead e) {
            return (IOException) e.getCause();
        } catch (Exception e) {
            return fail("An error without a type: " + e, e);
        }
    }

    /** All reads give the right answer, or a typed error if some may. */
    void checkReads(boolean mayFail) {
        if (store == null) {
            return;
        }
        for (Map.Entry<byte[], byte[]> entry : model.map().entrySet()) {
            reading(
                    mayFail,
                    () -> assertThat(store.get(entry.getKey()))
                            .as(() -> Model.hex(entry.getKey()))
                            .isEqualTo(entry.getValue()));
        }
        reading(mayFail, () -> assertThat(store.get(key("absent"))).isNull());
        reading(mayFail, () -> model.assertSame(store, KeyRange.all(), "after the fault"));
        reading(mayFail, () -> {
            try (Snapshot snapshot = store.snapshot()) {
                model.assertSame(snapshot, KeyRange.all(), "snapshot after the fault");
            }
        });
        store.statistics();
    }

    private static void reading(boolean mayFail, Runnable read) {
        try {
            read.run();
        } catch (StoreException e) {
            if (!mayFail) {
                throw e;
            }
        }
    }

    /** What a crash at this moment leaves can be opened, at a commit that is not older than the last acknowledged one. */
    void checkCrash() {
        checkRecovery(disk.afterCrash(random));
    }

    private void checkRecovery(CrashFileStore left) {
        HeapSlabs memory = new HeapSlabs();
        SteppedExecutor steps = new SteppedExecutor(clock);
        try (Environment other = environment(steps, memory)) {
            Store recovered = other.open(left, options);
            checkCommit(recovered);
            steps.drain();
            checkCommit(recovered);
            checkDirectory(left, recovered);
        }
        assertThat(memory.outstanding()).isZero();
        assertThat(left.openReaders()).isZero();
    }

    private void checkCommit(Store recovered) {
        String payload = new String(recovered.durablePayload(), UTF_8);
        int number = -1;
        for (int i = 0; i < commits.size(); i++) {
            if (commits.get(i).payload.equals(payload)) {
                number = i;
            }
        }
        assertThat(number).as("number of the recovered commit \"%s\"", payload).isBetween(acknowledged, commits.size());
        commits.get(number).state.assertSame(recovered, KeyRange.all(), "recovered at commit " + number);
    }

    private static void checkDirectory(CrashFileStore place, Store opened) {
        assertThat(place.list().stream().filter(name -> name.endsWith(".sst")))
                .as("files in the directory")
                .hasSize(opened.statistics().liveFiles());
        assertThat(place.list().stream()
                        .filter(name -> name.endsWith(".val"))
                        .mapToLong(place::size)
                        .sum())
                .as("bytes of value files in the directory")
                .isEqualTo(opened.statistics().valueFileBytes());
    }

    /**
     * The cause is gone: the store goes on, by itself, unless it met what it must take for damage.
     *
     * @param mayStayReadOnly for another reason
     */
    void checkGoesOn(boolean mayStayReadOnly) {
        faults.heal();
        if (store == null) {
            reopen();
            return;
        }
        pass();
        String cause = store.statistics().readOnlyCause();
        if (cause != null) {
            assertThat(mayStayReadOnly || cause.contains("CorruptionException"))
                    .as("read-only: %s", cause)
                    .isTrue();
            checkReads(false);
            reopen();
            return;
        }
        checkReads(false);
        put("after", "the fault");
        commitDurably();
        checkCrash();
        fill("after", 30, 1);
        commit();
        store.compact();
        pass();
        checkReads(false);
        checkDirectory(disk, store);
        close();
        assertThat(commits.size() - 1).isEqualTo(acknowledged + 1);
        acknowledged++;
        reopen();
    }

    /** A close in the middle of it; then the cause goes, and the store is opened again. */
    void checkCloses() {
        try {
            close();
        } catch (StoreException e) {
            // it says what it could not do
        }
        reopen();
    }

    /** Closes everything, and opens the store in another environment on a disk that works. */
    void reopen() {
        closeEnvironment();
        faults.heal();
        newEnvironment();
        open();
        checkCommit(store);
        executor.drain();
        checkDirectory(disk, store);
        model = lastRecovered();
        put("again", "open");
        commitDurably();
        checkReads(false);
        store.compact();
        executor.drain();
        checkReads(false);
        checkDirectory(disk, store);
        closeEnvironment();
    }

    private Model lastRecovered() {
        String payload = new String(store.durablePayload(), UTF_8);
        return commits.stream()
                .filter(commit -> commit.payload.equals(payload))
                .findFirst()
                .orElseThrow()
                .state
                .copy();
    }

    void checkNothingLeft() {
        assertThat(faults.open()).as("files and locks left open").isZero();
        assertThat(slabs.outstanding()).as("memory left").isZero();
        assertThat(disk.mappings()).as("files left mapped").isZero();
    }

    private void closeEnvironment() {
        store = null;
        try {
            environment.close();
        } catch (StoreException e) {
            // a store that was left open says what it could not do
        }
        checkNothingLeft();
        assertThat(faults.violations()).isEmpty();
    }
}
