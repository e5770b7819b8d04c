package io.forebay.bench.flink;

import java.util.List;
import java.util.SplittableRandom;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.internal.InternalListState;
import org.apache.flink.runtime.state.internal.InternalReducingState;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/** State in namespaces, as window operators keep it. */
final class WindowStories {
    private static final int WINDOW = 1000;
    private static final int ADDS = 4;

    private WindowStories() {}

    /** Every key gets some elements in a window, then the window fires: its result is read and cleared. */
    static void tumbling(FlinkTrial trial) throws Exception {
        int keys = Math.max(1, trial.scale().keys() / ADDS);
        SplittableRandom random = trial.random();
        ReduceFunction<Long> sum = Long::sum;
        InternalReducingState<Long, TimeWindow, Long> state = trial.internalState(
                new TimeWindow.Serializer(), new ReducingStateDescriptor<>("windows", sum, LongSerializer.INSTANCE));
        for (int number = 0; number < 2; number++) {
            String when = number == 0 ? "" : ", next window";
            TimeWindow window = window(number);
            trial.measure("add to a window" + when, keys * ADDS, i -> {
                trial.setKey(random.nextInt(keys));
                state.setCurrentNamespace(window);
                state.add(1L);
            });
            trial.measure("fire a window: get and clear" + when, keys, i -> {
                trial.setKey(i);
                state.setCurrentNamespace(window);
                if (state.get() != null) {
                    state.clear();
                }
            });
        }
    }

    /** Two sessions grow and become one. */
    static void sessions(FlinkTrial trial) throws Exception {
        int keys = Math.max(1, trial.scale().keys() / (2 * ADDS));
        InternalListState<Long, TimeWindow, Long> state = trial.internalState(
                new TimeWindow.Serializer(), new ListStateDescriptor<>("sessions", LongSerializer.INSTANCE));
        trial.measure("add to a session", keys * 2 * ADDS, i -> {
            trial.setKey(i % keys);
            state.setCurrentNamespace(window(i / keys % 2));
            state.add((long) i);
        });
        trial.measure("merge two sessions", keys, i -> {
            trial.setKey(i);
            state.mergeNamespaces(window(0), List.of(window(1)));
        });
        trial.measure("fire a session: get and clear", keys, i -> {
            trial.setKey(i);
            state.setCurrentNamespace(window(0));
            int found = 0;
            for (Long element : state.get()) {
                found += element >= 0 ? 1 : 0;
            }
            FlinkTrial.check(found == 2 * ADDS, "elements are lost");
            state.clear();
        });
    }

    private static TimeWindow window(int number) {
        return new TimeWindow((long) number * WINDOW, (number + 1L) * WINDOW);
    }
}
