package io.forebay.bench.kafka;

import io.forebay.bench.scenarios.Data;
import io.forebay.bench.scenarios.Trial;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.StateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.RecordBatchingStateRestoreCallback;
import org.apache.kafka.streams.processor.internals.StateRestoreCallbackAdapter;

/** A changelog read back: batches of as many records as Kafka Streams polls at once, handed to the innermost store. */
final class RestoreScenarios {
    private static final int POLL = 1000;
    private static final long WINDOW = 60_000;
    private static final int ROWS = 60;

    private RestoreScenarios() {}

    static void run(Trial trial, StoreFamily family) {
        Data data = new Data(trial.scale().keys(), trial.scale().valueBytes());
        int keys = Math.max(10, data.count() / ROWS);
        play(
                trial.within("keys"),
                "restore key-value, per record",
                data,
                family.keyValue(StreamTask.STORE).get(),
                i -> data.present(i).clone());
        play(
                trial.within("windows"),
                "restore windows, per record",
                data,
                family.window(StreamTask.STORE, Duration.ofMillis(ROWS * WINDOW), Duration.ofMillis(WINDOW))
                        .get(),
                i -> ByteBuffer.allocate(Data.KEY_BYTES + 12)
                        .put(data.present(i % keys))
                        .putLong(i / keys * WINDOW)
                        .putInt(0)
                        .array());
    }

    private interface Keys {
        byte[] key(int number);
    }

    private static void play(Trial trial, String work, Data data, StateStore store, Keys keys) {
        StreamTask.run(trial.directory(), task -> {
            File directory = task.context().stateDir();
            if (!directory.isDirectory() && !directory.mkdirs()) {
                throw new IllegalStateException("Cannot create " + directory);
            }
            StateRestoreCallback[] registered = new StateRestoreCallback[1];
            store.init(registering(task.context(), registered), store);
            RecordBatchingStateRestoreCallback restore = StateRestoreCallbackAdapter.adapt(registered[0]);
            trial.measureInGroups(work, data.count() / POLL, POLL, data.bytes(data.count()), i -> {
                restore.restoreBatch(poll(i * POLL, keys, data));
            });
            store.close();
        });
    }

    private static List<ConsumerRecord<byte[], byte[]>> poll(int from, Keys keys, Data data) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>(POLL);
        for (int i = from; i < from + POLL; i++) {
            records.add(new ConsumerRecord<>("changelog", 0, i, keys.key(i), data.value(i)));
        }
        return records;
    }

    /** The task's context, which keeps the restore callback instead of registering it: nothing is restored at start-up. */
    private static StateStoreContext registering(InternalProcessorContext<?, ?> context, StateRestoreCallback[] into) {
        return (StateStoreContext) Proxy.newProxyInstance(
                RestoreScenarios.class.getClassLoader(),
                new Class<?>[] {InternalProcessorContext.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("register")) {
                        into[0] = (StateRestoreCallback) arguments[1];
                        return null;
                    }
                    try {
                        return method.invoke(context, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
