package io.forebay.bench.flink;

import java.util.SplittableRandom;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/** One number for each key. */
final class ValueStories {
    private ValueStories() {}

    static void values(FlinkTrial trial) throws Exception {
        int keys = trial.scale().keys();
        SplittableRandom random = trial.random();
        ValueState<Long> state = trial.state(new ValueStateDescriptor<>("values", LongSerializer.INSTANCE));
        trial.measure("add", keys, i -> {
            trial.setKey(i);
            state.update((long) i);
        });
        reads(trial, state, "");
        trial.measure("update", keys, i -> {
            trial.setKey(random.nextInt(keys));
            state.update((long) i);
        });
        trial.checkpoint();
        reads(trial, state, " after a checkpoint");
        trial.measure("get and update after a checkpoint", keys, i -> {
            trial.setKey(random.nextInt(keys));
            state.update(state.value() + 1);
        });
        int hot = Math.max(1, keys / 100);
        trial.measure(
                "get and update, hot set (1 %)",
                keys, i -> {
                    trial.setKey(random.nextInt(hot));
                    state.update(state.value() + 1);
                });
        trial.measure("clear", keys / 2, i -> {
            trial.setKey(i);
            state.clear();
        });
    }

    private static void reads(FlinkTrial trial, ValueState<Long> state, String when) {
        int keys = trial.scale().keys();
        SplittableRandom random = trial.random();
        trial.measure("get" + when, keys, i -> {
            trial.setKey(random.nextInt(keys));
            FlinkTrial.check(state.value() != null, "a value is lost");
        });
        trial.measure("get of a key without state" + when, keys, i -> {
            trial.setKey(keys + random.nextInt(keys));
            FlinkTrial.check(state.value() == null, "a value from nowhere");
        });
    }

    static void aggregates(FlinkTrial trial) throws Exception {
        int keys = trial.scale().keys();
        SplittableRandom random = trial.random();
        ReducingState<Long> state =
                trial.state(new ReducingStateDescriptor<>("sums", Long::sum, LongSerializer.INSTANCE));
        trial.measure("add, first", keys, i -> {
            trial.setKey(i);
            state.add(1L);
        });
        trial.measure("add", keys, i -> {
            trial.setKey(random.nextInt(keys));
            state.add(1L);
        });
    }
}
