package io.forebay.bench.flink;

import java.util.SplittableRandom;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;

/** The queue behind a timer service. */
final class TimerStories {
    private TimerStories() {}

    static void timers(FlinkTrial trial) {
        int keys = trial.scale().keys();
        SplittableRandom random = trial.random();
        KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Long, VoidNamespace>> queue = trial.backend()
                .create("timers", new TimerSerializer<>(LongSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
        trial.measure("register a timer", keys, i -> queue.add(timer(random.nextInt(keys), i)));
        // A timeout that is put off with each event of its key.
        long[] timeouts = new long[Math.max(1, keys / 10)];
        for (int i = 0; i < timeouts.length; i++) {
            timeouts[i] = (long) keys + i;
            queue.add(timer(timeouts[i], i));
        }
        trial.measure("put off a timer: delete and register", keys / 2, i -> {
            int key = random.nextInt(timeouts.length);
            queue.remove(timer(timeouts[key], key));
            timeouts[key] += timeouts.length;
            queue.add(timer(timeouts[key], key));
        });
        trial.measure("fire a timer and register the next", keys, i -> {
            TimerHeapInternalTimer<Long, VoidNamespace> first = queue.poll();
            queue.add(timer(first.getTimestamp() + keys, first.getKey()));
        });
        trial.measure("fire a timer", keys, i -> FlinkTrial.check(queue.poll() != null, "a timer is lost"));
    }

    private static TimerHeapInternalTimer<Long, VoidNamespace> timer(long timestamp, long key) {
        return new TimerHeapInternalTimer<>(timestamp, key, VoidNamespace.INSTANCE);
    }
}
