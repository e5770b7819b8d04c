package io.forebay.bench.flink;

import java.util.Iterator;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/** A map of numbers for each key. */
final class MapStories {
    private static final int SMALL = 10;
    private static final int LARGE = 1000;

    private MapStories() {}

    static void small(FlinkTrial trial) throws Exception {
        int keys = trial.scale().keys() / SMALL;
        SplittableRandom random = trial.random();
        MapState<Long, Long> state = open(trial);
        fill(trial, state, keys, SMALL);
        trial.measure("put, present", keys * SMALL, i -> {
            trial.setKey(random.nextInt(keys));
            state.put((long) random.nextInt(SMALL), (long) i);
        });
        trial.checkpoint();
        trial.measure("get", keys * SMALL, i -> {
            trial.setKey(random.nextInt(keys));
            FlinkTrial.check(state.get((long) random.nextInt(SMALL)) != null, "an entry is lost");
        });
        trial.measure("contains, every other", keys * SMALL, i -> {
            trial.setKey(random.nextInt(keys));
            int entry = random.nextInt(2 * SMALL);
            FlinkTrial.check(state.contains((long) entry) == (entry < SMALL), "contains");
        });
        iterate(trial, state, keys, SMALL, keys);
        trial.measure("is empty", keys, i -> {
            trial.setKey(random.nextInt(keys));
            FlinkTrial.check(!state.isEmpty(), "a map is lost");
        });
        trial.measure("put after a checkpoint", keys * SMALL, i -> {
            trial.setKey(random.nextInt(keys));
            state.put((long) random.nextInt(SMALL), (long) i);
        });
        iterate(trial, state, keys, SMALL, keys, ", updated since");
        trial.measure("remove", keys, i -> {
            trial.setKey(i);
            state.remove(0L);
        });
        trial.measure("clear", keys, i -> {
            trial.setKey(i);
            state.clear();
        });
        trial.measure("iterate what was cleared", Math.min(keys, 200), i -> {
            trial.setKey(i);
            FlinkTrial.check(!state.iterator().hasNext(), "an entry outlives clear");
        });
    }

    /** So many keys that their maps are in files of several ages, which nobody has merged, and that no cache has all of them. */
    static void many(FlinkTrial trial) throws Exception {
        int keys = trial.scale().keys();
        MapState<Long, Long> state = open(trial);
        SplittableRandom random = trial.random();
        // Each entry of all maps in turn, and the keys in random order, as records come.
        int[] order = shuffled(keys, random);
        trial.measure("put, new", keys * SMALL, i -> {
            trial.setKey(order[i % keys]);
            state.put((long) (i / keys), (long) i);
        });
        trial.measureInGroups("iterate in random order, per map", keys, 1, i -> {
            trial.setKey(order[keys - 1 - i]);
            long sum = 0;
            int found = 0;
            for (Map.Entry<Long, Long> entry : state.entries()) {
                sum += entry.getKey() + entry.getValue();
                found++;
            }
            FlinkTrial.check(found == SMALL && sum > 0, "entries are lost");
        });
        trial.measure("get in random order", keys, i -> {
            trial.setKey(order[i]);
            FlinkTrial.check(state.get((long) random.nextInt(SMALL)) != null, "an entry is lost");
        });
    }

    private static int[] shuffled(int count, SplittableRandom random) {
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    /** Windows of a join, or a cache for each customer: large maps that are read as a whole, and cleared. */
    static void large(FlinkTrial trial) throws Exception {
        int keys = Math.max(1, trial.scale().keys() / LARGE);
        MapState<Long, Long> state = open(trial);
        fill(trial, state, keys, LARGE);
        trial.checkpoint();
        iterate(trial, state, keys, LARGE, 2 * keys);
        trial.measure("first entry", 50 * keys, i -> {
            trial.setKey(i % keys);
            FlinkTrial.check(state.iterator().next().getKey() == 0, "the first entry is lost");
        });
        trial.measureInGroups("iterate and remove, per entry", keys / 2, LARGE, i -> {
            trial.setKey(i);
            Iterator<Map.Entry<Long, Long>> entries = state.iterator();
            while (entries.hasNext()) {
                entries.next();
                entries.remove();
            }
        });
        trial.measureInGroups("clear, per entry", keys - keys / 2, LARGE, i -> {
            trial.setKey(keys / 2 + i);
            state.clear();
        });
    }

    private static MapState<Long, Long> open(FlinkTrial trial) throws Exception {
        return trial.state(new MapStateDescriptor<>("maps", LongSerializer.INSTANCE, LongSerializer.INSTANCE));
    }

    private static void fill(FlinkTrial trial, MapState<Long, Long> state, int keys, int entries) {
        trial.measure("put, new", keys * entries, i -> {
            trial.setKey(i % keys);
            state.put((long) (i / keys), (long) i);
        });
    }

    private static void iterate(FlinkTrial trial, MapState<Long, Long> state, int keys, int entries, int times) {
        iterate(trial, state, keys, entries, times, "");
    }

    private static void iterate(
            FlinkTrial trial, MapState<Long, Long> state, int keys, int entries, int times, String when) {
        SplittableRandom random = trial.random();
        trial.measureInGroups("iterate, per entry" + when, times, entries, i -> {
            trial.setKey(random.nextInt(keys));
            long sum = 0;
            int found = 0;
            for (Map.Entry<Long, Long> entry : state.entries()) {
                sum += entry.getKey() + entry.getValue();
                found++;
            }
            FlinkTrial.check(found == entries && sum > 0, "entries are lost");
        });
    }
}
