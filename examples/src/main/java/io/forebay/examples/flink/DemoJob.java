package io.forebay.examples.flink;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Event;
import io.forebay.examples.auction.Workload;
import java.io.File;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The job: totals per key, counts per key and window, and an interval join of persons with the auctions they open. */
final class DemoJob {
    private static final TypeInformation<Tuple4<Integer, String, Long, Long>> EVENT =
            Types.TUPLE(Types.INT, Types.STRING, Types.LONG, Types.LONG);

    private DemoJob() {}

    static JobGraph build(Configuration configuration, Workload workload, File input, int parallelism) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(parallelism);
        env.setMaxParallelism(128);
        SingleOutputStreamOperator<Tuple4<Integer, String, Long, Long>> events = env.fromSource(
                        new GatedSource(workload.size() - 1), WatermarkStrategy.noWatermarks(), "indexes")
                .uid("indexes")
                .setParallelism(1)
                .map(new EventReader(input, workload.size()))
                .returns(EVENT)
                .uid("events")
                .setParallelism(1)
                .assignTimestampsAndWatermarks(
                        WatermarkStrategy.<Tuple4<Integer, String, Long, Long>>forMonotonousTimestamps()
                                .withTimestampAssigner((event, before) -> event.f2))
                .uid("watermarks")
                .setParallelism(1);
        KeyedStream<Tuple4<Integer, String, Long, Long>, String> counted = events.filter(
                        event -> Event.Kind.values()[event.f0].isCounted())
                .setParallelism(1)
                .keyBy(event -> event.f1, Types.STRING);
        counted.process(new TotalsFunction())
                .returns(Types.LONG)
                .uid("totals")
                .sinkTo(new DiscardingSink<>())
                .uid("totals-end");
        counted.window(TumblingEventTimeWindows.of(Duration.ofMillis(Workload.WINDOW_MILLIS)))
                .aggregate(new Count(), new WindowResult(), Types.LONG, Types.LONG, Types.LONG)
                .uid("windows")
                .sinkTo(new DiscardingSink<>())
                .uid("windows-end");
        if (workload.hasJoin()) {
            join(events);
        }
        return env.getStreamGraph().getJobGraph();
    }

    private static void join(SingleOutputStreamOperator<Tuple4<Integer, String, Long, Long>> events) {
        KeyedStream<Tuple4<Integer, String, Long, Long>, String> persons = events.filter(
                        event -> event.f0 == Event.Kind.PERSON.ordinal())
                .setParallelism(1)
                .keyBy(event -> event.f1, Types.STRING);
        KeyedStream<Tuple4<Integer, String, Long, Long>, String> auctions = events.filter(
                        event -> event.f0 == Event.Kind.AUCTION.ordinal())
                .setParallelism(1)
                .keyBy(event -> event.f1, Types.STRING);
        persons.intervalJoin(auctions)
                .between(Duration.ofMinutes(-1), Duration.ofMinutes(1))
                .process(new JoinResult(), Types.LONG)
                .uid("join")
                .sinkTo(new DiscardingSink<>())
                .uid("join-end");
    }

    private static final class Count implements AggregateFunction<Tuple4<Integer, String, Long, Long>, Long, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long createAccumulator() {
            return 0L;
        }

        @Override
        public Long add(Tuple4<Integer, String, Long, Long> event, Long count) {
            return count + 1;
        }

        @Override
        public Long getResult(Long count) {
            return count;
        }

        @Override
        public Long merge(Long a, Long b) {
            return a + b;
        }
    }

    private static final class WindowResult extends ProcessWindowFunction<Long, Long, String, TimeWindow> {
        private static final long serialVersionUID = 1L;

        @Override
        public void process(String key, Context context, Iterable<Long> counts, Collector<Long> out) {
            Collected.window(
                    Answers.windowKey(key, context.window().getStart()),
                    counts.iterator().next());
        }
    }

    private static final class JoinResult
            extends ProcessJoinFunction<
                    Tuple4<Integer, String, Long, Long>, Tuple4<Integer, String, Long, Long>, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public void processElement(
                Tuple4<Integer, String, Long, Long> person,
                Tuple4<Integer, String, Long, Long> auction,
                Context context,
                Collector<Long> out) {
            Collected.joined(Answers.joinKey(person.f1, auction.f3));
        }
    }
}
