package io.forebay.store.harness.race;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Compression;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.EnvironmentStatistics;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.StoreStatistics;
import io.forebay.store.VerificationReport;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.PoisonSlabs;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.TestKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * A writer, readers of all kinds, checkpoints, verifications and statistics at once, on real threads with tiny options and on
 * memory that shows its use after it was freed. All of them check what they see; in every other run the store is closed under
 * their hands. In the end nothing is held any more.
 */
class RaceTest {
    private static final int BATCHES_PER_RUN = 400;
    private static final byte[] NONE = {};

    private final Figures figures = new Figures(getClass());

    @Test
    void everybodySeesOneStateAtATime() {
        long runs = Math.max(1, Effort.of("race.batches", 4_000, 1_000_000) / BATCHES_PER_RUN);
        try {
            Seeds.run(getClass(), (int) runs, seed -> {
                try {
                    new Run(new Random(seed)).run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
        } finally {
            figures.write();
        }
    }

    private static StoreOptions options(Random random) {
        Compression[] compressions = Compression.values();
        boolean logged = random.nextInt(3) == 0;
        return StoreOptions.builder()
                .valueFileThreshold(random.nextBoolean() ? 0 : 1 << random.nextInt(8))
                .memtableBytes(2048 << random.nextInt(5))
                .blockBytes(128 << random.nextInt(4))
                .targetFileBytes(4096L << random.nextInt(3))
                .bloomBitsPerKey(random.nextInt(2) * 10)
                .commitInterval(random.nextBoolean() ? Duration.ZERO : Duration.ofMillis(2))
                .mergeFunction(MergeFunction.append((byte) ','))
                .compression(compressions[random.nextInt(compressions.length)])
                .bottomCompression(compressions[random.nextInt(compressions.length)])
                .encryption(random.nextInt(3) == 0 ? TestKeys.provider("k") : null)
                .durability(logged ? Durability.BUFFERED : Durability.NONE)
                .build();
    }

    /** One store from its beginning to its end. */
    private final class Run {
        private final Random random;
        private final PoisonSlabs slabs = new PoisonSlabs();
        private final CrashFileStore files = new CrashFileStore();
        private final StoreOptions options;
        private final Environment environment;
        private final Store store;
        private final Bank bank;
        private final boolean closeUnderHands;
        private final Set<Object> looked = ConcurrentHashMap.newKeySet();
        private volatile boolean done;
        private volatile boolean closing;

        Run(Random random) {
            this.random = random;
            options = options(random);
            if (random.nextBoolean()) {
                files.mappable();
            }
            environment = Environment.builder()
                    // less than this, all readers at once may need more than there is, and are told so
                    .memoryBytes(12L << 20 << random.nextInt(3))
                    .backgroundThreads(1 + random.nextInt(3))
                    .allocator(slabs)
                    .build();
            store = environment.open(files, options);
            bank = new Bank(new Random(random.nextLong()));
            closeUnderHands = random.nextBoolean();
        }

        void run() throws Exception {
            bank.open(store);
            ExecutorService threads = Executors.newCachedThreadPool();
            List<Future<Void>> others = new ArrayList<>();
            for (Callable<Void> look : List.<Callable<Void>>of(
                    this::gets,
                    () -> audits(true),
                    () -> audits(false),
                    this::scans,
                    this::snapshots,
                    this::checkpoints,
                    this::verifications,
                    this::statistics)) {
                others.add(threads.submit(() -> untilTheEnd(look)));
            }
            try {
                awaitLooks(others);
                write();
                if (closeUnderHands) {
                    closing = true;
                    store.close();
                    figures.add("closed under the hands of readers", 1);
                }
            } finally {
                done = true;
                for (Future<Void> other : others) {
                    other.get();
                }
                threads.shutdown();
            }
            if (!closeUnderHands) {
                assertThat(Bank.audit(store, true)).isEqualTo(bank.finished());
                assertThat(store.verify().findings()).isEmpty();
            }
            environment.close();
            slabs.check();
            assertThat(slabs.outstanding()).as("memory left").isZero();
            assertThat(files.openReaders()).as("files left open").isZero();
            assertThat(files.mappings()).as("files left mapped").isZero();
            figures.add("slabs freed and watched", slabs.released());
            figures.add("batches", bank.finished());
        }

        /** Until everybody is there, however late their threads are started. */
        private void awaitLooks(List<Future<Void>> others) {
            while (looked.size() < others.size() && others.stream().noneMatch(Future::isDone)) {
                assertThat(Thread.interrupted()).as("out of time").isFalse();
                Thread.yield();
            }
        }

        private void write() {
            for (long round = 1; round <= BATCHES_PER_RUN; round++) {
                bank.transfer(store, round);
                for (int i = random.nextInt(10); i > 0; i--) {
                    bank.noise(store);
                }
                switch (random.nextInt(100)) {
                    case 0 -> store.flush();
                    case 1 -> store.commitDurably(NONE);
                    case 2 -> ingest();
                    case 3, 4, 5, 6, 7, 8, 9 -> store.commit(NONE);
                    case 10 -> {
                        if (random.nextInt(4) == 0) {
                            store.compact();
                        }
                    }
                    default -> {}
                }
            }
        }

        /** Away from the accounts. */
        private void ingest() {
            try (SortedIngest ingest = store.ingest()) {
                for (int i = 0; i < 50; i++) {
                    ingest.add(new byte[] {'z', (byte) i}, new byte[i]);
                }
                ingest.finish();
            }
        }

        /** What a thread meets when the store is closed is said by name, and nothing else goes wrong. */
        private Void untilTheEnd(Callable<Void> look) throws Exception {
            try {
                while (!done) {
                    look.call();
                    looked.add(look);
                }
            } catch (StoreException e) {
                if (!closing) {
                    throw e;
                }
            }
            return null;
        }

        private Void gets() {
            Random own = new Random(1);
            long[] seen = new long[Bank.accountsCount()];
            for (int i = 0; i < 1000 && !done; i++) {
                int account = own.nextInt(seen.length);
                long version = Bank.version(store.get(Bank.account(account)));
                assertThat(version).as("version of account %d", account).isGreaterThanOrEqualTo(seen[account]);
                seen[account] = version;
            }
            figures.add("gets", 1000);
            return null;
        }

        private Void audits(boolean forward) {
            long before = bank.finished();
            assertThat(Bank.audit(store, forward)).as("newest version").isGreaterThanOrEqualTo(before);
            figures.add("audits", 1);
            return null;
        }

        private Void scans() {
            long before = bank.finished();
            assertThat(Bank.auditByScan(store)).as("newest version").isGreaterThanOrEqualTo(before);
            figures.add("audits by scan", 1);
            return null;
        }

        private Void snapshots() {
            long before = bank.finished();
            try (Snapshot snapshot = store.snapshot()) {
                long newest = Bank.audit(snapshot, true);
                assertThat(newest).isGreaterThanOrEqualTo(before);
                byte[] first = snapshot.get(Bank.account(0));
                for (int i = 0; i < 5; i++) {
                    assertThat(Bank.audit(snapshot, i % 2 == 0))
                            .as("the same state again")
                            .isEqualTo(newest);
                    assertThat(snapshot.get(Bank.account(0))).isEqualTo(first);
                    assertThat(Bank.auditByScan(snapshot))
                            .as("the same state by scan")
                            .isEqualTo(newest);
                }
            }
            figures.add("snapshots", 1);
            return null;
        }

        private Void checkpoints() throws Exception {
            long before = bank.finished();
            try (Checkpoint checkpoint = store.checkpoint(NONE)) {
                checkpoint.completion().get();
                RestoreSource source = new RestoreSource(files, checkpoint.metadata(), KeyRange.all());
                try (Environment other =
                                Environment.builder().memoryBytes(12 << 20).build();
                        Store restored = other.restore(FileStores.inMemory(), options, List.of(source), NONE)) {
                    assertThat(Bank.audit(restored, true)).isGreaterThanOrEqualTo(before);
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof StoreException failed) {
                    throw failed;
                }
                throw e;
            }
            figures.add("checkpoints", 1);
            return null;
        }

        private Void verifications() {
            VerificationReport report = store.verify();
            assertThat(report.findings()).isEmpty();
            figures.add("verifications", 1);
            return null;
        }

        private Void statistics() {
            StoreStatistics statistics = store.statistics();
            assertThat(statistics.liveFiles()).isNotNegative();
            assertThat(statistics.readOnlyCause()).isNull();
            assertThat(statistics.lastSequence()).isGreaterThanOrEqualTo(statistics.durableSequence());
            EnvironmentStatistics memory = environment.statistics();
            assertThat(memory.memoryPeak()).isLessThanOrEqualTo(memory.memoryBudget());
            return null;
        }
    }
}
