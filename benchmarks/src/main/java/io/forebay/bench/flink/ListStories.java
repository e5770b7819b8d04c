package io.forebay.bench.flink;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/** A list of numbers for each key. */
final class ListStories {
    private static final int ELEMENTS = 64;
    private static final int WARM_UP_LISTS = 1000;

    private ListStories() {}

    static void lists(FlinkTrial trial) throws Exception {
        int keys = Math.max(1, trial.scale().keys() / ELEMENTS);
        SplittableRandom random = trial.random();
        warmUp(trial);
        ListState<Long> state = trial.state(new ListStateDescriptor<>("lists", LongSerializer.INSTANCE));
        trial.measure("add", keys * ELEMENTS, i -> {
            trial.setKey(i % keys);
            state.add((long) i);
        });
        get(trial, state, keys, ELEMENTS, "get all, per element");
        trial.measure("add to a long list", keys * ELEMENTS, i -> {
            trial.setKey(random.nextInt(keys));
            state.add((long) i);
        });
        trial.checkpoint();
        get(trial, state, keys, ELEMENTS, "get all after a checkpoint, per element");
        List<Long> elements = new ArrayList<>();
        for (long i = 0; i < ELEMENTS; i++) {
            elements.add(i);
        }
        trial.measureInGroups("update, per element", 4 * keys, ELEMENTS, i -> {
            trial.setKey(random.nextInt(keys));
            state.update(elements);
        });
        trial.measureInGroups("add all, per element", keys, ELEMENTS, i -> {
            trial.setKey(random.nextInt(keys));
            state.addAll(elements);
        });
        trial.measure("add, then get and clear", keys * ELEMENTS, i -> {
            int round = i / keys % 4;
            trial.setKey(i % keys);
            if (round < 3) {
                state.add((long) i);
            } else {
                for (long element : state.get()) {
                    FlinkTrial.check(element >= 0, "an element is damaged");
                }
                state.clear();
            }
        });
    }

    /** Lists of a state of their own are added to, read and cleared before, untimed: else the interpreter would be timed. */
    private static void warmUp(FlinkTrial trial) throws Exception {
        ListState<Long> state = trial.state(new ListStateDescriptor<>("warm-up", LongSerializer.INSTANCE));
        for (int pass = 0; pass < 2; pass++) {
            for (int i = 0; i < WARM_UP_LISTS * ELEMENTS; i++) {
                trial.setKey(i % WARM_UP_LISTS);
                state.add((long) i);
            }
            for (int i = 0; i < WARM_UP_LISTS; i++) {
                trial.setKey(i);
                int found = 0;
                for (Long element : state.get()) {
                    found += element >= 0 ? 1 : 0;
                }
                FlinkTrial.check(found == ELEMENTS, "elements are lost");
                state.clear();
            }
        }
    }

    private static void get(FlinkTrial trial, ListState<Long> state, int keys, int least, String work) {
        SplittableRandom random = trial.random();
        trial.measureInGroups(work, 4 * keys, ELEMENTS, i -> {
            trial.setKey(random.nextInt(keys));
            int found = 0;
            for (Long element : state.get()) {
                found += element >= 0 ? 1 : 0;
            }
            FlinkTrial.check(found >= least, "elements are lost");
        });
    }
}
