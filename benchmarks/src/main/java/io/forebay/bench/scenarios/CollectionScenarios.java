package io.forebay.bench.scenarios;

import io.forebay.bench.engines.Engine;
import io.forebay.bench.engines.Setup;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** What list state, map state, queues and windows do to a store. */
final class CollectionScenarios {
    private static final int ELEMENTS = 64;
    private static final int NEIGHBOURS = 10;

    private CollectionScenarios() {}

    /** Lists of 64 elements, all growing at the same time, then read once. */
    static void append(Trial trial) {
        int lists = Math.max(10, trial.scale().keys() / ELEMENTS);
        Data data = new Data(lists, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        int[] order = CoreScenario.shuffled(lists, random);
        try (Engine engine = trial.open(Setup.ofKafka())) {
            int total = lists * ELEMENTS;
            long bytes = total * (16L + data.valueBytes());
            trial.measure(
                    "append to a list",
                    total,
                    bytes,
                    i -> engine.append(data.present(order[i % lists]), data.value(i)));
            int least = ELEMENTS * data.valueBytes();
            trial.measure(
                    "get a list of 64",
                    lists,
                    i -> Trial.check(engine.get(data.present(order[i])).length >= least, "an element is lost"));
        }
    }

    /** Maps of many entries between small ones; the big ones are cleared, and what lies around is scanned. */
    static void clear(Trial trial) {
        for (int entries : new int[] {10, 1000, 100_000}) {
            int maps = Math.max(2, Math.min(2000, trial.scale().keys() / entries));
            clear(trial, entries, maps);
        }
    }

    private static void clear(Trial trial, int entries, int maps) {
        byte[] value = new Data(1, trial.scale().valueBytes()).value(0);
        String size = String.format(java.util.Locale.ROOT, "%,d", entries);
        Trial own = trial.within("clear" + entries);
        try (Engine engine = own.open(Setup.ofKafka())) {
            for (long map = 0; map < maps; map++) {
                // Even numbers are cleared, odd ones are their live neighbours.
                for (long i = 0; i < entries; i++) {
                    engine.put(Data.under(2 * map, i), value);
                }
                for (long i = 0; i < NEIGHBOURS; i++) {
                    engine.put(Data.under(2 * map + 1, i), value);
                }
            }
            engine.flush();
            own.measureEach("clear " + size + " entries", maps, i -> engine.clearPrefix(Data.prefix(2L * i)));
            // A scan that begins where the cleared entries were has to get past them to the neighbour.
            own.measureEach(
                    "scan 10 beside " + size + " cleared entries",
                    maps,
                    i -> Trial.check(
                            engine.scan(Data.prefix(2L * i), NEIGHBOURS, false) == NEIGHBOURS, "a neighbour is lost"));
            own.measureEach("clear and scan beside, " + size + " entries, refilled", Math.min(maps, 200), i -> {
                engine.clearPrefix(Data.prefix(2L * i));
                engine.scan(Data.prefix(2L * i), NEIGHBOURS, false);
            });
        }
    }

    /** A queue: appended on the right, read and deleted on the left. */
    static void queue(Trial trial) {
        int operations = trial.scale().keys();
        Data data = new Data(1000, trial.scale().valueBytes());
        try (Engine engine = trial.open(Setup.ofKafka())) {
            int depth = Math.min(10_000, operations / 10);
            for (int i = 0; i < depth; i++) {
                engine.put(Data.ascending(i), data.value(i));
            }
            trial.measure("queue: append, read head, delete head", operations, i -> {
                engine.put(Data.ascending(i + (long) depth), data.value(i));
                Trial.check(engine.scan(Data.ascending(0), 1, false) == 1, "the head is lost");
                engine.delete(Data.ascending(i));
            });
        }
    }

    /** Windows that fill while older ones are dropped as a whole, with a fetch over one window now and then. */
    static void windows(Trial trial) {
        int windows = 50;
        int each = Math.max(100, trial.scale().keys() / windows);
        int kept = 10;
        Data data = new Data(1000, trial.scale().valueBytes());
        SplittableRandom random = trial.random();
        List<Long> expiries = new ArrayList<>();
        try (Engine engine = trial.open(Setup.ofKafka())) {
            trial.measure("window: put, fetch and expire", windows * each, i -> {
                long window = i / each;
                if (i % each == 0 && window >= kept) {
                    long started = System.nanoTime();
                    engine.clearPrefix(Data.prefix(window - kept));
                    expiries.add(System.nanoTime() - started);
                }
                engine.put(Data.under(window, random.nextLong() >>> 1), data.value(i));
                if (i % 10 == 0) {
                    long live = Math.max(0, window - random.nextInt(kept));
                    engine.scan(Data.under(live, random.nextLong() >>> 1), 10, false);
                }
            });
        }
        trial.report("window: one expiry", expiries);
    }
}
