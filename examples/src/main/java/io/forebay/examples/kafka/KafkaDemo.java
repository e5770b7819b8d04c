package io.forebay.examples.kafka;

import io.forebay.examples.auction.Answers;
import io.forebay.examples.auction.Workload;
import io.forebay.examples.report.DirectorySize;
import io.forebay.examples.report.Report;
import io.forebay.examples.report.Screen;
import io.forebay.examples.report.Stall;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * Fills topics, runs the application, kills it half-way, starts it again, and compares everything that it wrote with an
 * independent computation. Exactly-once processing is on, so that a kill may neither lose nor repeat a single event.
 */
public final class KafkaDemo {
    private final Workload workload;
    private final Answers expected;
    private final File directory;
    private final Screen screen;

    public KafkaDemo(Workload workload, Answers expected, File directory, Screen screen) {
        this.workload = workload;
        this.expected = expected;
        this.directory = directory;
        this.screen = screen;
    }

    public Report.Row run() throws Exception {
        // Windows are aligned to the epoch, so event time 0 must be as well.
        long now = System.currentTimeMillis();
        long startMillis = now - Math.floorMod(now, Workload.WINDOW_MILLIS) - 100 * Workload.WINDOW_MILLIS;
        try (DemoBroker broker = new DemoBroker()) {
            screen.say("kafka: broker is up at %s", broker.address());
            List<String> topics = new ArrayList<>(Topics.inputs(workload));
            topics.addAll(Topics.outputs(workload));
            broker.createTopics(topics, Topics.PARTITIONS);
            TopicFiller.fill(workload, broker.address(), startMillis, screen);
            return process(broker, startMillis);
        }
    }

    private Report.Row process(DemoBroker broker, long startMillis) throws Exception {
        File state = new File(directory, "kafka-state");
        File log = new File(directory, "kafka-application.log");
        List<String> arguments = List.of(
                broker.address(), state.getPath(), Boolean.toString(workload.hasJoin()), Long.toString(startMillis));
        try (Admin admin = broker.admin()) {
            InputProgress progress = new InputProgress(admin, Topics.inputs(workload));
            long end = progress.end();
            long busyNanos = 0;
            try (ChildProcess first = new ChildProcess(arguments, log)) {
                first.awaitRunning();
                screen.say("kafka: application runs, its stores are Forebay");
                busyNanos += await(first, progress, end / 2, end, state);
                first.kill();
            }
            screen.say("kafka: application killed (SIGKILL) at %,d of %,d committed events", progress.committed(), end);
            try (ChildProcess second = new ChildProcess(arguments, log)) {
                long restored = second.awaitRunning();
                screen.say(
                        "kafka: application runs again %,d ms after its start, replayed %,d changelog records",
                        second.startMillis(), restored);
                busyNanos += await(second, progress, end, end, state);
                second.stop();
                Answers actual = OutputReader.read(broker.address(), Topics.outputs(workload));
                List<String> differences = expected.differences(actual);
                for (String difference : differences) {
                    screen.say("kafka: DIFFERENT %s", difference);
                }
                screen.say(
                        "kafka: %,d results compared, %s",
                        expected.count(), differences.isEmpty() ? "all equal" : "NOT EQUAL");
                return new Report.Row(
                        "Kafka Streams",
                        end,
                        end / (busyNanos / 1e9),
                        DirectorySize.of(state),
                        -1,
                        -1,
                        second.startMillis(),
                        -1,
                        differences.isEmpty());
            }
        }
    }

    /** Shows progress until {@code target} events are committed. @return nanoseconds waited */
    private long await(ChildProcess child, InputProgress progress, long target, long end, File state) throws Exception {
        long started = System.nanoTime();
        long shownAt = started;
        long shown = progress.committed();
        Stall stall = new Stall("kafka: no event was committed");
        while (true) {
            long committed = progress.committed();
            if (committed >= target) {
                return System.nanoTime() - started;
            }
            stall.check(committed);
            if (!child.isAlive()) {
                throw new IllegalStateException(
                        "The Kafka Streams application ended by itself; see its log in " + directory);
            }
            long nanos = System.nanoTime() - shownAt;
            if (nanos > 1_000_000_000L) {
                screen.say(
                        "kafka: %,d of %,d events  %,.0f/s  state %s",
                        committed, end, (committed - shown) / (nanos / 1e9), Report.bytes(DirectorySize.of(state)));
                shownAt = System.nanoTime();
                shown = committed;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }
}
