package io.forebay.examples.flink;

import io.forebay.examples.auction.Event;
import io.forebay.examples.auction.Workload;
import java.io.File;
import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.java.tuple.Tuple4;

/** Turns an index into its event: kind, key, event time, amount. */
final class EventReader extends RichMapFunction<Long, Tuple4<Integer, String, Long, Long>> {
    private static final long serialVersionUID = 1L;

    private final File input;
    private final long events;
    private transient Workload workload;

    EventReader(File input, long events) {
        this.input = input;
        this.events = events;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        workload = Workload.of(input == null ? null : input.toPath(), events);
    }

    @Override
    public Tuple4<Integer, String, Long, Long> map(Long index) {
        Gate.pass(index);
        Event event = workload.event(index);
        return Tuple4.of(event.kind().ordinal(), event.key(), event.timestampMillis(), event.amount());
    }
}
