package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.TestThreads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A file store that calls every method of its store, from each of its calls, on each thread that it is called on: the method works,
 * or says why not. Nothing hangs, and the store is as good as before.
 */
@Timeout(value = 900, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FileStoreCallbacksTest extends CallbackStores {
    /** Only ends a test that hangs. */
    private static final Duration ALARM = Duration.ofMinutes(2);

    /** Said by a store that is being closed. */
    private static final String CLOSED = "closed";

    private static final Set<String> READS = Set.of("get", "multiGet", "iterator", "snapshot", "statistics");
    private static final Set<String> ENDS = Set.of("discard", "close", "close of the environment");
    private static final Set<String> LOGGED = Set.of("put", "commit", "commitDurably", "sync");

    /** One store, its file store that calls it, and what came of the calls. */
    private static final class Scenario {
        final String method;
        final BiConsumer<Environment, Store> call;
        final boolean logged;
        final CallingFileStore files = new CallingFileStore(FileStores.inMemory());
        final CallingFileStore backup = new CallingFileStore(FileStores.inMemory());
        final StoreOptions options;
        final Environment environment;
        final Thread user = Thread.currentThread();
        /** What a call said, or an empty text, by the place it was made at. */
        final Map<String, String> outcomes = new ConcurrentHashMap<>();

        /** A file was deleted in the background, which may be later than what made it obsolete. */
        final CountDownLatch deleted = new CountDownLatch(1);

        final AtomicReference<Throwable> unexpected = new AtomicReference<>();
        private final ThreadLocal<Boolean> calling = ThreadLocal.withInitial(() -> false);
        volatile Store store;
        volatile String phase = "";

        Scenario(String method, BiConsumer<Environment, Store> call, boolean logged, int threads) {
            this.method = method;
            this.call = call;
            this.logged = logged;
            environment = environment(threads);
            options = StoreOptions.builder()
                    .memtableBytes(64 << 10)
                    .targetFileBytes(64 << 10)
                    .valueFileThreshold(500)
                    .durability(logged ? Durability.SYNCED : Durability.NONE)
                    .build();
            files.before = this::before;
            backup.before = this::before;
        }

        /** Makes the call once at each place: at each call of the file store, on each kind of thread, for each kind of file. */
        private void before(String at, String name) {
            if (calling.get() || store == null && !method.equals("close of the environment")) {
                return;
            }
            String file = name.replaceAll("[0-9a-f]{16,}|[0-9]+", "N");
            String thread = Thread.currentThread() == user ? "user" : "worker";
            String place = at + " " + file + ", " + thread + ", " + phase;
            if (outcomes.putIfAbsent(place, "under way") != null) {
                return;
            }
            calling.set(true);
            try {
                call.accept(environment, store);
                outcomes.put(place, "");
            } catch (StoreClosedException e) {
                outcomes.put(place, CLOSED);
                if (!ends(phase)) {
                    unexpected.compareAndSet(null, new AssertionError(method + " at " + place, e));
                }
            } catch (IllegalStateException e) {
                outcomes.put(place, e.getMessage());
            } catch (Throwable e) {
                unexpected.compareAndSet(null, new AssertionError(method + " at " + place, e));
            } finally {
                calling.set(false);
                if (at.equals("delete") && thread.equals("worker")) {
                    deleted.countDown();
                }
            }
        }

        void run() throws Exception {
            phase = "open";
            store = environment.open(files, options);
            phase = "writes";
            write(40);
            patiently(() -> store.commitDurably(new byte[] {1}));
            phase = "flush";
            patiently(store::flush);
            phase = "ingest";
            patiently(this::ingest);
            phase = "reads";
            read();
            phase = "checkpoint";
            Checkpoint checkpoint = store.checkpoint(NONE);
            checkpoint.completion().get();
            phase = "backup";
            checkpoint.writeTo(backup);
            phase = "compact";
            write(40);
            patiently(() -> store.commitDurably(new byte[] {2}));
            patiently(store::flush); // so that no file of the checkpoint stays
            patiently(store::compact);
            phase = "close of a checkpoint";
            checkpoint.close();
            phase = "deletions";
            TestThreads.await(deleted);
            phase = "reads afterwards";
            read();
            patiently(() -> store.put(bytes("after"), A));
            patiently(() -> store.commitDurably(new byte[] {3}));
            assertThat(store.get(bytes("after"))).isEqualTo(A);
            phase = "close";
            store.close();
            phase = "end";
            environment.close();
            files.before = (call, name) -> {};
        }

        private void write(int count) {
            for (int i = 0; i < count; i++) {
                byte[] key = bytes(i == 0 ? "a" : "k" + i);
                byte[] value = new byte[i % 4 == 0 ? 800 : 50];
                patiently(() -> store.put(key, value));
            }
        }

        private void ingest() {
            try (SortedIngest ingest = store.ingest()) {
                for (int i = 100; i < 120; i++) {
                    ingest.add(bytes("x" + i), new byte[700]);
                }
                ingest.finish();
            }
        }

        private void read() {
            for (int i = 0; i < 40; i++) {
                store.get(bytes("k" + i));
            }
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    iterator.value();
                }
            }
        }

        private static boolean ends(String phase) {
            return phase.equals("close") || phase.equals("end");
        }

        /** The writer of the store, when the file store may be another one for a moment. */
        private static void patiently(Runnable write) {
            while (true) {
                try {
                    write.run();
                    return;
                } catch (IllegalStateException e) {
                    if (!e.getMessage().matches("(?s).*(at the same time|open ingest).*")) {
                        throw e;
                    }
                    Thread.yield();
                }
            }
        }

        void check() {
            if (unexpected.get() != null) {
                throw new AssertionError(unexpected.get());
            }
            outcomes.forEach((place, said) -> {
                String where = method + " at " + place + (logged ? ", with a log" : "");
                boolean ended = said.equals(CLOSED);
                if (ENDS.contains(method)) {
                    assertThat(said).as(where).contains("was called by a file store, and would wait");
                } else if (logged && LOGGED.contains(method)) {
                    assertThat(said).as(where).matches("(?s).*(was called by a file store, and would wait|closed).*");
                } else if (method.equals("get") && !ended) {
                    assertThat(said).as(where).matches("|.*is just being opened on this thread.*");
                } else if (READS.contains(method) && !ended) {
                    String ingest = place.endsWith("ingest") ? "|.*was called by the end of an ingest.*lock.*" : "";
                    assertThat(said).as(where).matches("(?s)|.*is just being opened on this thread.*" + ingest);
                } else {
                    assertThat(said)
                            .as(where)
                            .matches(
                                    "(?s)|.*(was called by|at the same time|is just being opened|closed|open ingest).*");
                }
            });
            try (Environment again = environment(2);
                    Store reopened = again.open(files, options)) {
                assertThat(reopened.verify().isClean()).as(method).isTrue();
                assertThat(reopened.get(bytes("after"))).as(method).isEqualTo(A);
            }
        }
    }

    @Test
    void everyMethodFromEveryCall() {
        Map<String, BiConsumer<Environment, Store>> calls = new LinkedHashMap<>(CALLS);
        calls.put("sync", (environment, store) -> store.sync());
        int places = 0;
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : calls.entrySet()) {
            for (boolean logged : new boolean[] {false, true}) {
                if (!logged && call.getKey().equals("sync")) {
                    continue; // which is refused everywhere
                }
                for (int threads = 1; threads <= 2; threads++) {
                    int count = threads;
                    Scenario scenario = assertTimeoutPreemptively(
                            ALARM,
                            () -> {
                                Scenario running = new Scenario(call.getKey(), call.getValue(), logged, count);
                                running.run();
                                return running;
                            },
                            () -> call.getKey() + " hangs, with a log: " + logged + ", threads: " + count);
                    scenario.check();
                    places += scenario.outcomes.size();
                    checkReached(scenario);
                }
            }
        }
        Figures figures = new Figures(FileStoreCallbacksTest.class);
        figures.add("calls", places);
        figures.write();
    }

    private static void checkReached(Scenario scenario) {
        Set<String> reached = scenario.outcomes.keySet();
        List<String> wanted = new ArrayList<>(List.of(
                "create \\S+, worker, (writes|flush)",
                "append \\S+, worker, (writes|flush)",
                "sync \\S+, worker, (writes|flush)",
                "close of a written file \\S+, worker, (writes|flush)",
                "syncDirectory , worker, (writes|flush)",
                "create \\S+, user, ingest",
                "append MANIFEST\\S*, user, ingest",
                "syncDirectory , user, ingest",
                "open \\S+, user, .*",
                "size \\S+, user, .*",
                "read \\S+, user, .*",
                "linkFrom \\S+, user, backup",
                "putIfAbsent CHECKPOINT, user, backup",
                "list , user, backup",
                "close of a read file \\S+, (user|worker), .*",
                "delete \\S+, worker, .*",
                "unlock , user, close"));
        if (scenario.logged) {
            wanted.addAll(List.of("append \\S+, user, writes", "sync \\S+, user, writes", "create \\S+, user, ingest"));
        }
        for (String place : wanted) {
            assertThat(reached).as(place).anyMatch(one -> one.matches(place));
        }
        if (scenario.method.equals("iterator")) {
            assertThat(scenario.outcomes.entrySet())
                    .anyMatch(one -> one.getKey().matches("append MANIFEST\\S*, user, ingest")
                            && one.getValue().contains("which may have the lock"));
        }
    }

    /** The job has the order of edits, for which the ingest waits. */
    @Test
    void aJobFixesAStateBesideAnIngest() {
        for (String method : List.of("snapshot", "iterator", "multiGet", "checkpoint")) {
            assertTimeoutPreemptively(ALARM, () -> {
                CallingFileStore files = new CallingFileStore(FileStores.inMemory());
                try (Environment environment = environment(2);
                        Store store = environment.open(
                                files,
                                StoreOptions.builder()
                                        .commitInterval(Duration.ZERO)
                                        .build())) {
                    store.put(A, A);
                    store.commitDurably(new byte[] {1});
                    Thread user = Thread.currentThread();
                    CountDownLatch inside = new CountDownLatch(1);
                    AtomicReference<Throwable> failure = new AtomicReference<>(new AssertionError("not called"));
                    files.before = (call, name) -> {
                        if (call.equals("append")
                                && name.startsWith("MANIFEST")
                                && Thread.currentThread() != user
                                && inside.getCount() > 0) {
                            inside.countDown();
                            while (user.getState() != Thread.State.BLOCKED) {
                                Thread.onSpinWait();
                            }
                            try {
                                CALLS.get(method).accept(environment, store);
                                failure.set(null);
                            } catch (RuntimeException e) {
                                failure.set(e);
                            }
                        }
                    };
                    store.commit(new byte[] {2}); // a job writes it to the manifest
                    TestThreads.await(inside);
                    try (SortedIngest ingest = store.ingest()) {
                        ingest.add(bytes("b"), A);
                        ingest.finish();
                    }
                    assertThat(failure.get()).as(method).isNull();
                    assertThat(store.get(bytes("b"))).isEqualTo(A);
                }
            });
        }
    }

    /** Who reads and closes it outside of the engine. */
    @Test
    void theUserGetsTheFileOfACheckpoint() throws Exception {
        CallingFileStore files = new CallingFileStore(FileStores.inMemory());
        try (Environment environment = environment(2);
                Store store = environment.open(files, StoreOptions.defaults());
                Checkpoint checkpoint = replacedCheckpoint(store);
                ReadableFile file = checkpoint.open(checkpoint.files().get(0))) {
            assertThat(file).isInstanceOf(CallingFileStore.Opened.class);
        }
    }

    /** Each closes the checkpoint of the other one, while both are at it. */
    @Test
    void twoCheckpointsThatCloseEachOther() {
        assertTimeoutPreemptively(ALARM, () -> {
            CallingFileStore files = new CallingFileStore(FileStores.inMemory());
            try (Environment environment = environment(2)) {
                Store store = environment.open(files, StoreOptions.defaults());
                Checkpoint[] checkpoints = {replacedCheckpoint(store), replacedCheckpoint(store)};
                Thread[] threads = new Thread[2];
                CountDownLatch both = new CountDownLatch(2);
                List<String> said = new ArrayList<>();
                files.before = (call, name) -> {
                    int self = List.of(threads).indexOf(Thread.currentThread());
                    if (self >= 0 && call.equals("close of a read file")) {
                        both.countDown();
                        TestThreads.await(both);
                        checkpoints[self].close(); // its own: this thread is at it
                        try {
                            checkpoints[1 - self].close();
                        } catch (IllegalStateException e) {
                            synchronized (said) {
                                said.add(e.getMessage());
                            }
                        }
                    }
                };
                AtomicReference<Throwable> failure = new AtomicReference<>();
                CountDownLatch start = new CountDownLatch(1);
                for (int i = 0; i < 2; i++) {
                    Checkpoint own = checkpoints[i];
                    threads[i] = TestThreads.start(
                            () -> {
                                TestThreads.await(start);
                                own.close();
                            },
                            failure);
                }
                start.countDown();
                for (Thread thread : threads) {
                    thread.join();
                }
                assertThat(failure.get()).isNull();
                assertThat(said)
                        .isNotEmpty()
                        .allMatch(message -> message.startsWith(
                                "The close of a checkpoint that another thread is closing was called by a file store"));
                files.before = (call, name) -> {};
                checkFilesOnlyOf(store, files);
            }
        });
    }

    /** The file store closes what another thread closes, which waits for the checkpoint. */
    @Test
    void aCheckpointIsClosedWithItsStore() {
        for (String method : ENDS) {
            assertTimeoutPreemptively(ALARM, () -> {
                CallingFileStore files = new CallingFileStore(FileStores.inMemory());
                Environment environment = environment(2);
                Store store = environment.open(files, StoreOptions.defaults());
                Checkpoint checkpoint = replacedCheckpoint(store);
                CountDownLatch inside = new CountDownLatch(1);
                AtomicReference<Thread> closing = new AtomicReference<>();
                AtomicReference<Throwable> said = new AtomicReference<>();
                files.before = (call, name) -> {
                    if (Thread.currentThread() == closing.get() && call.equals("close of a read file")) {
                        inside.countDown();
                        awaitClosed(store);
                        try {
                            CALLS.get(method).accept(environment, store);
                        } catch (IllegalStateException e) {
                            said.set(e);
                        }
                    }
                };
                AtomicReference<Throwable> failure = new AtomicReference<>();
                Thread other = TestThreads.start(
                        () -> {
                            closing.set(Thread.currentThread());
                            checkpoint.close();
                        },
                        failure);
                TestThreads.await(inside);
                store.close();
                other.join();
                environment.close();
                assertThat(failure.get()).isNull();
                assertThat(said.get()).as(method).hasMessageContaining("was called by a file store");
            });
        }
    }

    private static void awaitClosed(Store store) {
        while (true) {
            try {
                store.get(A);
                Thread.yield();
            } catch (StoreClosedException e) {
                return;
            }
        }
    }

    /** The last one to have its files, which are open. */
    private static Checkpoint replacedCheckpoint(Store store) throws Exception {
        store.put(A, A);
        store.commitDurably(new byte[] {1});
        Checkpoint checkpoint = store.checkpoint(NONE);
        checkpoint.completion().get();
        store.get(A);
        store.put(A, bytes("b"));
        store.commit(new byte[] {2});
        store.compact();
        return checkpoint;
    }

    private static void checkFilesOnlyOf(Store store, FileStore files) throws Exception {
        store.close();
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst"))).hasSize(1);
    }
}
