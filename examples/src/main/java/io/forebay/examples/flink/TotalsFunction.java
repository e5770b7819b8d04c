package io.forebay.examples.flink;

import io.forebay.examples.auction.Totals;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * The running aggregate of a key as value state, its amounts by magnitude as map state, every sixteenth amount as list
 * state, and one timer at the end of the stream that checks the three against each other and emits the result.
 */
final class TotalsFunction extends KeyedProcessFunction<String, Tuple4<Integer, String, Long, Long>, Long> {
    private static final long serialVersionUID = 1L;
    private static final int SAMPLE = 16;

    private transient ValueState<Tuple3<Long, Long, Long>> totals;
    private transient MapState<Integer, Long> magnitudes;
    private transient ListState<Long> samples;
    private transient int attempt;

    @Override
    public void open(OpenContext context) {
        attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
        totals = getRuntimeContext()
                .getState(new ValueStateDescriptor<>("totals", Types.TUPLE(Types.LONG, Types.LONG, Types.LONG)));
        magnitudes = getRuntimeContext().getMapState(new MapStateDescriptor<>("magnitudes", Types.INT, Types.LONG));
        samples = getRuntimeContext().getListState(new ListStateDescriptor<>("samples", Types.LONG));
    }

    @Override
    public void processElement(Tuple4<Integer, String, Long, Long> event, Context context, Collector<Long> out)
            throws Exception {
        Gate.touch(attempt);
        Tuple3<Long, Long, Long> before = totals.value();
        if (before == null) {
            context.timerService().registerEventTimeTimer(Long.MAX_VALUE - 1);
        }
        Totals after = read(before).plus(event.f3);
        totals.update(Tuple3.of(after.count(), after.sum(), after.max()));
        int magnitude = 64 - Long.numberOfLeadingZeros(event.f3);
        Long seen = magnitudes.get(magnitude);
        magnitudes.put(magnitude, seen == null ? 1 : seen + 1);
        if (after.count() % SAMPLE == 0) {
            samples.add(event.f3);
        }
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Long> out) throws Exception {
        Totals result = read(totals.value());
        long byMagnitude = 0;
        for (Long count : magnitudes.values()) {
            byMagnitude += count;
        }
        long sampled = 0;
        Iterable<Long> list = samples.get();
        if (list != null) {
            for (Long ignored : list) {
                sampled++;
            }
        }
        if (byMagnitude != result.count() || sampled != result.count() / SAMPLE) {
            throw new IllegalStateException("State of key " + context.getCurrentKey() + " contradicts itself: value "
                    + result.count() + ", map " + byMagnitude + ", list " + sampled);
        }
        Collected.total(context.getCurrentKey(), result);
    }

    private static Totals read(Tuple3<Long, Long, Long> value) {
        return value == null ? Totals.NONE : new Totals(value.f0, value.f1, value.f2);
    }
}
