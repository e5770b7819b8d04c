package io.forebay.store.harness.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.CrashMoment;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Small random workloads of stores with logs, which end after every change of the disk: by a kill, which takes nothing that
 * was handed to the operating system, and by crashes of the machine. A reopen, whatever its durability, finds a prefix of
 * the writes that holds everything acknowledged, and the payload of the last commit in it; so does a reopen that is cut off
 * the same way, when it is repeated.
 */
class WalCrashTest {
    private static final int OPERATIONS = 40;
    private static final int KEYS = 12;

    private long states;

    @Test
    void everyMomentOfBufferedStores() {
        run(Durability.BUFFERED);
    }

    @Test
    void everyMomentOfSyncedStores() {
        run(Durability.SYNCED);
    }

    private void run(Durability durability) {
        int seeds = (int) Effort.of("wal.workloads", 4, 1000);
        Seeds.run(WalCrashTest.class, seeds, seed -> new Run(durability, seed).run());
        Figures figures = new Figures("WalCrashTest-" + durability);
        figures.add("crash states", states);
        figures.write();
    }

    /** The store as it was after some write. */
    private record Moment(Model model, byte[] payload) {}

    private final class Run {
        private final Durability durability;
        private final Random random;
        private final Random ids;
        private final CrashDisk disk = new CrashDisk();
        private final List<Moment> history = new ArrayList<>();
        private final StoreOptions.Builder options;
        private Model model = new Model();
        private byte[] payload = {};
        /** Index of the last moment that was acknowledged, and of the last one that was also synced. */
        private int acknowledged;

        private int synced;

        Run(Durability durability, long seed) {
            this.durability = durability;
            random = new Random(seed);
            ids = new Random(~seed);
            options = StoreOptions.builder()
                    .durability(durability)
                    .memtableBytes(1024 + random.nextInt(4096))
                    .blockBytes(128)
                    .targetFileBytes(4096)
                    .walBytes(4096 + random.nextInt(8192))
                    .mergeFunction(MergeFunction.append((byte) ','));
        }

        void run() {
            history.add(new Moment(model.copy(), payload));
            disk.watch(this::changed);
            SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, ids);
            Store store = stepped.open(disk.directory("store"), options);
            for (int i = 0; i < OPERATIONS; i++) {
                act(store, stepped);
                if (random.nextInt(15) == 0) {
                    store.close();
                    synced = acknowledged;
                    store = stepped.open(disk.directory("store"), options);
                }
            }
            disk.watch(null);
            stepped.close();
        }

        private void act(Store store, SteppedEnvironment stepped) {
            byte[] key = key();
            byte[] value = new byte[random.nextInt(10) == 0 ? random.nextInt(2000) : 5];
            Arrays.fill(value, (byte) ('a' + random.nextInt(26)));
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> {
                    model.put(key, value);
                    write(() -> store.put(key, value));
                }
                case 3, 4 -> {
                    model.merge(key, value);
                    write(() -> store.merge(key, value));
                }
                case 5 -> {
                    model.delete(key);
                    write(() -> store.delete(key));
                }
                case 6 -> {
                    byte[] to = random.nextInt(4) == 0 ? null : key();
                    model.deleteRange(key, to);
                    write(() -> store.deleteRange(key, to));
                }
                case 7, 8 -> batch(store);
                case 9 -> {
                    payload = value;
                    write(() -> store.commit(value));
                }
                case 10 -> {
                    payload = value;
                    write(() -> store.commitDurably(value));
                    synced = acknowledged;
                }
                case 11 -> {
                    store.sync();
                    synced = acknowledged;
                }
                case 12 -> ingest(store);
                default -> {
                    if (random.nextBoolean()) {
                        store.flush();
                        synced = acknowledged;
                    } else {
                        stepped.executor.drain();
                    }
                }
            }
        }

        private void batch(Store store) {
            WriteBatch batch = new WriteBatch();
            // now and then larger than what memtables may take at once, which end within it or with it
            boolean tooLarge = random.nextInt(8) == 0;
            int writes = tooLarge ? 40 : 1 + random.nextInt(5);
            byte[] large = new byte[tooLarge ? 10_000 : 3];
            Arrays.fill(large, (byte) 'x');
            for (int i = 0; i < writes; i++) {
                byte[] key = key();
                if (random.nextInt(4) == 0) {
                    model.delete(key);
                    batch.delete(key);
                } else {
                    model.put(key, large);
                    batch.put(key, large);
                }
            }
            write(() -> store.write(batch));
            if (tooLarge && random.nextBoolean()) {
                store.flush();
                synced = acknowledged;
            }
        }

        private void ingest(Store store) {
            byte[] value = {'i'};
            try (SortedIngest ingest = store.ingest()) {
                for (int i = random.nextInt(4); i < KEYS; i += 1 + random.nextInt(6)) {
                    byte[] key = key(i);
                    model.put(key, value);
                    ingest.add(key, value);
                }
                write(ingest::finish);
            }
            synced = acknowledged;
        }

        private void write(Runnable write) {
            history.add(new Moment(model.copy(), payload));
            write.run();
            acknowledged = history.size() - 1;
            if (durability == Durability.SYNCED) {
                synced = acknowledged;
            }
        }

        private void changed(String change) {
            CrashMoment moment = disk.moment();
            check(moment.afterKill(), acknowledged, "kill after " + change, 1);
            if (!moment.isSettled()) {
                for (int i = 0; i < 3; i++) {
                    int variant = random.nextInt(20);
                    CrashChoice choice = CrashChoice.variant(variant, random.nextInt());
                    check(moment.afterCrash(choice), synced, choice + " after " + change, 1);
                }
            }
        }

        /** @param further how often the recovery may be ended the same way */
        private void check(CrashDisk left, int least, String what, int further) {
            states++;
            CrashFileStore directory = left.directory("store");
            if (further > 0 && random.nextInt(8) == 0) {
                left.watch(change -> {
                    if (random.nextInt(4) == 0) {
                        CrashMoment moment = left.moment();
                        check(moment.afterKill(), least, what + ", kill of recovery after " + change, further - 1);
                        CrashChoice choice = CrashChoice.variant(random.nextInt(20), random.nextInt());
                        check(
                                moment.afterCrash(choice),
                                Math.min(least, synced), // a kill has synced nothing
                                what + ", " + choice + " of recovery after " + change,
                                further - 1);
                    }
                });
            }
            Durability next = Durability.values()[random.nextInt(3)];
            try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20, ids)) {
                Store store = stepped.open(directory, options(next));
                requireOneOf(store, least, what + ", reopened with " + next);
                left.watch(null);
                // and it works
                store.put(key(0), new byte[] {'w'});
                assertThat(store.get(key(0))).isEqualTo(new byte[] {'w'});
            } catch (RuntimeException e) {
                throw new AssertionError("after " + what + ", " + acknowledged + " acknowledged", e);
            }
        }

        private StoreOptions.Builder options(Durability next) {
            return StoreOptions.builder().durability(next).memtableBytes(2048).mergeFunction(MergeFunction.append((byte)
                    ','));
        }

        private void requireOneOf(Store store, int least, String what) {
            for (int i = history.size() - 1; i >= least; i--) {
                Moment moment = history.get(i);
                if (Arrays.equals(moment.payload, store.committedPayload()) && isSame(store, moment.model)) {
                    return;
                }
            }
            Moment moment = history.get(least);
            assertThat(store.committedPayload())
                    .as("payload at " + least + " after " + what)
                    .isEqualTo(moment.payload);
            moment.model.assertSame(
                    store, KeyRange.all(), "none of " + least + " to " + (history.size() - 1) + " after " + what);
        }

        private boolean isSame(Store store, Model expected) {
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
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

        private byte[] key() {
            return key(random.nextInt(KEYS));
        }

        private byte[] key(int number) {
            return String.format("key%02d", number).getBytes(UTF_8);
        }
    }
}
