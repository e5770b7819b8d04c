package io.forebay.store.harness.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashMoment;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.Turns;
import io.forebay.store.testing.TurnsExecutor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two threads write to a store with a log, each to keys of its own, while flushes and compactions go on; all of them take turns at
 * every change of the disk, in an order that a seed chooses. What a crash or a kill leaves after any change holds a prefix of
 * what each of the two did, with everything that was acknowledged to it, and the last commit of that prefix.
 */
class ConcurrentWalCrashTest {
    private static final int WRITERS = 2;
    private static final int OPERATIONS = 24;
    private static final int KEYS = 6;
    private static final int LARGE = 50_000;

    @Test
    void everyMomentHoldsAPrefixOfEachWriter() {
        int runs = (int) Effort.of("wal.concurrent", 20, 5_000);
        Figures figures = new Figures(ConcurrentWalCrashTest.class);
        try {
            Seeds.run(ConcurrentWalCrashTest.class, runs, seed -> new Run(seed).run(figures));
        } finally {
            figures.write();
        }
    }

    /** What one writer has made of its keys, and its last commit, if it is the one that commits. */
    private record Moment(Model model, String commit) {}

    private static final class Run {
        private final Random random;
        private final Random ids;
        private final Turns turns;
        private final CrashDisk disk = new CrashDisk();
        private final StoreOptions options;
        private final boolean syncing;
        private final List<List<Moment>> history = new ArrayList<>();
        /** Index of the last moment of each writer that was acknowledged, and of the last that must survive a crash. */
        private int[] acknowledged = new int[WRITERS];

        private int[] synced = new int[WRITERS];
        private int left = WRITERS;
        private long states;

        Run(long seed) {
            random = new Random(seed * 0x9E3779B97F4A7C15L);
            random.nextLong();
            ids = new Random(~seed);
            turns = new Turns(seed);
            syncing = random.nextInt(3) > 0;
            options = StoreOptions.builder()
                    .name("two writers")
                    .durability(syncing ? Durability.SYNCED : Durability.BUFFERED)
                    .memtableBytes(1024 + random.nextInt(2048))
                    .blockBytes(128)
                    .targetFileBytes(4096)
                    .walBytes(4096 + random.nextInt(8192))
                    .mergeFunction(MergeFunction.append((byte) ','))
                    .build();
            for (int i = 0; i < WRITERS; i++) {
                history.add(new ArrayList<>(List.of(new Moment(new Model(), ""))));
            }
        }

        void run(Figures figures) {
            disk.takeTurns(turns);
            disk.watch(this::changed);
            turns.run(this::live);
            figures.add("runs", 1);
            figures.add("crash states", states);
            figures.add("turns", turns.turns());
            figures.add("turns while others waited at a lock", turns.overlaps());
        }

        private void live() {
            ManualClock clock = new ManualClock();
            try (Environment environment = Environment.builder()
                            .memoryBytes(1 << 20)
                            .clock(clock)
                            .executor(new TurnsExecutor(turns, clock))
                            .allocator(new HeapSlabs())
                            .random(ids::nextLong)
                            .build();
                    Store store = environment.open(disk.directory("store"), options)) {
                for (int i = 0; i < WRITERS; i++) {
                    int writer = i;
                    long seed = random.nextLong();
                    turns.start("writer " + i, () -> write(store, writer, new Random(seed)));
                }
                while (left > 0) {
                    turns.pause();
                }
                disk.watch(null); // the store is closed with less ceremony
            }
        }

        private void write(Store store, int writer, Random choice) {
            Model model = new Model();
            String commit = "";
            for (int i = 0; i < OPERATIONS; i++) {
                byte[] key = key(writer, choice.nextInt(KEYS));
                byte[] value = (i + "-" + "v".repeat(choice.nextInt(12) == 0 ? 400 : 3)).getBytes(UTF_8);
                Runnable operation;
                boolean all = false;
                switch (choice.nextInt(10)) {
                    case 0, 1, 2, 3 -> {
                        model.put(key, value);
                        operation = () -> store.put(key, value);
                    }
                    case 4 -> {
                        model.merge(key, value);
                        operation = () -> store.merge(key, value);
                    }
                    case 5 -> {
                        byte[] to = key(writer, KEYS);
                        model.deleteRange(key, to);
                        operation = () -> store.deleteRange(key, to);
                    }
                    case 6, 7 -> {
                        byte[] other = key(writer, choice.nextInt(KEYS));
                        model.put(key, value);
                        model.delete(other);
                        WriteBatch batch = new WriteBatch().put(key, value).delete(other);
                        if (choice.nextInt(10) == 0) { // larger than what memtables may take at once
                            byte[] large = "L".repeat(LARGE).getBytes(UTF_8);
                            for (int n = 0; n < KEYS; n++) {
                                model.put(key(writer, n), large);
                                batch.put(key(writer, n), large);
                            }
                        }
                        operation = () -> store.write(batch);
                    }
                    case 8 -> {
                        all = true;
                        operation = choice.nextBoolean() ? store::sync : store::flush;
                    }
                    default -> {
                        if (writer == 0) {
                            commit = Integer.toString(i);
                            byte[] payload = commit.getBytes(UTF_8);
                            all = choice.nextBoolean();
                            operation = all ? () -> store.commitDurably(payload) : () -> store.commit(payload);
                        } else {
                            operation = store::compact;
                        }
                    }
                }
                history.get(writer).add(new Moment(model.copy(), commit));
                int[] before = acknowledged.clone();
                operation.run();
                turns.pause(); // before anything is touched that those look at whose turn it is
                acknowledged[writer] = history.get(writer).size() - 1;
                if (all) {
                    before[writer] = acknowledged[writer];
                }
                for (int w = 0; w < WRITERS; w++) {
                    synced[w] = syncing ? acknowledged[w] : all ? Math.max(synced[w], before[w]) : synced[w];
                }
            }
            left--;
        }

        private static byte[] key(int writer, int number) {
            return ("w" + writer + "-" + number).getBytes(UTF_8);
        }

        private void changed(String change) {
            CrashMoment moment = disk.moment();
            check(moment.afterKill(), acknowledged, "kill after " + change);
            for (int i = 0; i < 3 && !moment.isSettled(); i++) {
                CrashChoice choice = CrashChoice.variant(random.nextInt(20), random.nextInt());
                check(moment.afterCrash(choice), synced, choice + " after " + change);
            }
        }

        private void check(CrashDisk crashed, int[] least, String what) {
            states++;
            try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, new Random(ids.nextLong()));
                    Store store = stepped.environment.open(crashed.directory("store"), options)) {
                String payload = new String(store.committedPayload(), UTF_8);
                for (int writer = 0; writer < WRITERS; writer++) {
                    assertThat(isPrefix(store, writer, least[writer], payload))
                            .as(
                                    "%s: writer %d is at one of its moments %d to %d; commit \"%s\"",
                                    what,
                                    writer,
                                    least[writer],
                                    history.get(writer).size() - 1,
                                    payload)
                            .isTrue();
                }
            } catch (RuntimeException e) {
                throw new AssertionError(what + ", acknowledged " + Arrays.toString(least), e);
            }
        }

        private boolean isPrefix(Store store, int writer, int least, String payload) {
            List<Moment> moments = history.get(writer);
            for (int i = moments.size() - 1; i >= least; i--) {
                Moment moment = moments.get(i);
                if ((writer > 0 || moment.commit.equals(payload)) && isSame(store, writer, moment.model)) {
                    return true;
                }
            }
            return false;
        }

        private static boolean isSame(Store store, int writer, Model expected) {
            KeyRange own = KeyRange.of(key(writer, 0), ("w" + writer + ".").getBytes(UTF_8));
            try (StoreIterator iterator = store.iterator(own)) {
                iterator.seekToFirst();
                for (Map.Entry<byte[], byte[]> entry : expected.map().entrySet()) {
                    if (!iterator.isValid()
                            || !Arrays.equals(iterator.key(), entry.getKey())
                            || !Arrays.equals(iterator.value(), entry.getValue())) {
                        return false;
                    }
                    iterator.next();
                }
                return !iterator.isValid();
            }
        }
    }
}
