package io.forebay.bench.stores;

import io.forebay.bench.engines.Ability;
import io.forebay.bench.engines.Consumed;
import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** What list state, map state, queues and windows do to a store. */
final class CollectionScenarios {
    private static final int ELEMENTS = 64;
    private static final int REREADS = 20_000;
    private static final int NEIGHBOURS = 10;
    private static final int[] MAP_SIZES = {10, 1000, 100_000};
    private static final int MOST_MAPS = 2000;
    /** So many small maps are cleared untimed before, in every round: a few dozen calls would time the interpreter. */
    private static final int WARM_UP_MAPS = 4000;

    /** Read once from the memtable and once from a file. */
    private static final int WARM_UP_LISTS = 1000;

    private static final int MOST_QUEUED = 20_000;

    private CollectionScenarios() {}

    /** Lists of 64 elements, all growing at the same time, then read once. */
    static void append(StoreTrial trial) {
        int lists = Math.max(10, trial.scale().keys() / ELEMENTS);
        Data data = new Data(lists, trial.scale().valueBytes());
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        warmUpLists(trial);
        try (Engine engine = trial.open(Setup.ofKafka())) {
            int total = lists * ELEMENTS;
            watch.measure(
                    "append to a list",
                    total,
                    data.bytes(total),
                    i -> engine.append(data.present(i % lists), data.value(i)));
            int least = ELEMENTS * data.valueBytes();
            // A list that has not been read comes from files, for most of it.
            watch.measure(
                    "get a list of 64, each once",
                    lists,
                    i -> Trial.check(engine.get(data.present(i)).length >= least, "an element is lost"));
            watch.measure(
                    "get a list of 64, again and again",
                    Math.max(REREADS, lists),
                    i -> Trial.check(
                            engine.get(data.present(random.nextInt(lists))).length >= least, "an element is lost"));
            watch.measureEach("append 64, then get", lists / 4, i -> {
                int list = lists + i;
                for (int element = 0; element < ELEMENTS; element++) {
                    engine.append(data.present(list), data.value(element));
                }
                Trial.check(engine.get(data.present(list)).length >= least, "an element is lost");
            });
        }
    }

    /** In a store of its own: the first lists of the other one would be timed with code that is not compiled yet. */
    private static void warmUpLists(StoreTrial trial) {
        Data data = new Data(WARM_UP_LISTS, trial.scale().valueBytes());
        try (Engine engine = trial.open("warm-up", Setup.ofKafka())) {
            for (int i = 0; i < WARM_UP_LISTS * ELEMENTS; i++) {
                engine.append(data.present(i % WARM_UP_LISTS), data.value(i));
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < WARM_UP_LISTS; i++) {
                    Trial.check(engine.get(data.present(i)) != null, "a list is lost");
                }
                engine.flush();
            }
        }
    }

    /** Maps of many entries between small ones; the big ones are cleared, and what lies around is scanned. */
    static void clear(StoreTrial trial) {
        for (int entries : MAP_SIZES) {
            if (entries <= trial.scale().keys()) {
                clear(
                        trial,
                        entries,
                        Math.max(2, Math.min(MOST_MAPS, trial.scale().keys() / entries)));
            }
        }
    }

    private static void clear(StoreTrial trial, int entries, int maps) {
        Data data = new Data(1, trial.scale().valueBytes());
        Trial watch = trial.trial();
        String size = String.format(Locale.ROOT, "%,d", entries);
        warmUp(trial, "clear" + entries, data, Engine::clearPrefix);
        try (Engine engine = trial.open("clear" + entries, Setup.ofKafka())) {
            fill(engine, data, entries, maps);
            watch.measureEach("clear " + size + " entries", maps, i -> engine.clearPrefix(Data.prefix(2L * i)));
            // A scan that begins where the cleared entries were has to get past them to the neighbour.
            watch.measureEach("scan 10 beside " + size + " cleared entries", maps, i -> scanBeside(engine, data, i));
        }
        // The two together, on maps that are full again and again; half of the time the entries are still in the
        // memtable.
        int rounds = Math.max(2, Math.min(maps, 100));
        both(trial, data, entries, rounds, "", Engine::clearPrefix);
        if (trial.can(Ability.RANGE_DELETE)) {
            both(trial, data, entries, rounds, " (range delete)", Engine::deleteRange);
        }
    }

    /**
     * In a store of its own, so that the other one begins without range deletes: one half of the maps in the memtable, the other half in files.
     */
    private static void warmUp(StoreTrial trial, String name, Data data, Clear clear) {
        try (Engine engine = trial.open("warm-" + name, Setup.ofKafka())) {
            for (long map = 0; map <= WARM_UP_MAPS; map++) {
                for (int i = 0; i < NEIGHBOURS; i++) {
                    engine.put(data.under(map, i), data.value(i));
                }
            }
            warmUp(engine, clear, 0, WARM_UP_MAPS / 2);
            engine.flush();
            warmUp(engine, clear, WARM_UP_MAPS / 2, WARM_UP_MAPS);
        }
    }

    private static void warmUp(Engine engine, Clear clear, int from, int to) {
        for (int map = from; map < to; map++) {
            clear.of(engine, Data.prefix(map));
            engine.scan(Data.prefix(map), NEIGHBOURS, false);
        }
    }

    private interface Clear {
        void of(Engine engine, byte[] prefix);
    }

    private static void both(StoreTrial trial, Data data, int entries, int maps, String how, Clear clear) {
        String size = String.format(Locale.ROOT, "%,d", entries);
        String name = how.isEmpty() ? "both" : "ranges";
        warmUp(trial, name + entries, data, clear);
        try (Engine engine = trial.open(name + entries, Setup.ofKafka())) {
            fill(engine, data, entries, maps);
            trial.trial().measureEach("clear " + size + " entries, then scan beside" + how, maps, i -> {
                clear.of(engine, Data.prefix(2L * i));
                scanBeside(engine, data, i);
            });
        }
    }

    /** Even numbers are cleared later, odd ones are their live neighbours. */
    private static void fill(Engine engine, Data data, int entries, int maps) {
        for (long map = 0; map < maps; map++) {
            for (int i = 0; i < entries; i++) {
                engine.put(data.under(2 * map, i), data.value(i));
            }
            for (int i = 0; i < NEIGHBOURS; i++) {
                engine.put(data.under(2 * map + 1, i), data.value(i));
            }
        }
        engine.flush();
    }

    private static void scanBeside(Engine engine, Data data, int map) {
        int found = engine.scan(Data.prefix(2L * map), NEIGHBOURS, false);
        long sum = 0;
        for (int i = 0; i < NEIGHBOURS; i++) {
            sum += Consumed.mix(data.under(2L * map + 1, i), data.value(i));
        }
        Trial.check(found == NEIGHBOURS, "a neighbour is lost");
        Trial.check(engine.scannedSum() == sum, "a cleared entry is still there");
    }

    /** A queue: appended on the right, read and deleted on the left. */
    static void queue(StoreTrial trial) {
        int operations = trial.scale().keys();
        // Where every read walks over all that was deleted before, the time grows with the square.
        queue(trial, "queue: append, read head, delete head", Math.min(MOST_QUEUED, operations / 10), false);
        queue(trial, "queue, the caller remembers its last head", operations, true);
    }

    private static void queue(StoreTrial trial, String work, int operations, boolean remember) {
        int depth = Math.max(1, Math.min(10_000, operations / 10));
        Data data = new Data(operations, trial.scale().valueBytes());
        byte[] first = new byte[0];
        try (Engine engine = trial.open(remember ? "remembered" : "plain", Setup.ofKafka())) {
            for (int i = 0; i < depth; i++) {
                engine.put(data.ascending(i), data.value(i));
            }
            trial.trial().measure(work, operations, i -> {
                engine.put(data.ascending(i + (long) depth), data.value(i + depth));
                byte[] from = remember ? data.ascending(i) : first;
                boolean found = engine.scan(from, 1, false) == 1;
                long head = Consumed.mix(data.ascending(i), data.value(i));
                Trial.check(found && engine.scannedSum() == head, "another element than the head");
                engine.delete(data.ascending(i));
            });
        }
    }

    /** Windows that fill while older ones are dropped as a whole, with a fetch over one window now and then. */
    static void windows(StoreTrial trial) {
        int windows = 50;
        int each = Math.max(100, trial.scale().keys() / windows);
        int kept = 10;
        Data data = new Data(windows * each, trial.scale().valueBytes());
        Trial watch = trial.trial();
        SplittableRandom random = watch.random();
        List<Long> expiries = new ArrayList<>();
        try (Windows store = Windows.of(trial, kept)) {
            watch.measure("window: put, fetch and expire", windows * each, data.bytes(windows * (long) each), i -> {
                long window = i / each;
                if (i % each == 0 && window >= kept) {
                    long started = System.nanoTime();
                    store.expire(window - kept);
                    expiries.add(System.nanoTime() - started);
                }
                store.store(window).put(data.under(window, random.nextLong() >>> 1), data.value(i));
                if (i % 10 == 0) {
                    long live = Math.max(0, window - random.nextInt(kept));
                    store.store(live).scan(data.under(live, random.nextLong() >>> 1), 10, false);
                }
            });
        }
        watch.report("window: one expiry", expiries);
    }
}
