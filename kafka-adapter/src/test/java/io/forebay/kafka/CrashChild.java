package io.forebay.kafka;

import io.forebay.kafka.state.DurableCommits;
import io.forebay.kafka.state.ForebayStateStore;
import java.io.File;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.test.InternalMockProcessorContext;

/**
 * Writes to one store of each kind, commits often, and halts the JVM at a random operation, while flushes and manifest edits
 * run in the background. Operation {@code n} writes {@code n} to two keys; offset and position of a commit are {@code n}.
 */
public final class CrashChild {
    static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);
    static final int KEYS = 37;

    private CrashChild() {}

    static String name(StoreFlavour flavour) {
        return "store-" + flavour;
    }

    static InternalMockProcessorContext<Object, Object> context(File dir) {
        return TestContexts.unlogged(
                dir,
                Map.of(
                        "forebay.memtable.bytes",
                        8192,
                        "forebay.commit.interval.ms",
                        0,
                        "forebay.value.file.threshold.bytes",
                        4));
    }

    /** Arguments: state directory, seed, and whether a commit of each store is to be durable before the halt. */
    public static void main(String[] args) {
        File dir = new File(args[0]);
        Random random = new Random(Long.parseLong(args[1]));
        Map<StoreFlavour, ForebayStateStore> stores = new EnumMap<>(StoreFlavour.class);
        Map<StoreFlavour, InternalMockProcessorContext<Object, Object>> contexts = new EnumMap<>(StoreFlavour.class);
        Map<StoreFlavour, Long> next = new EnumMap<>(StoreFlavour.class);
        for (StoreFlavour flavour : StoreFlavour.values()) {
            contexts.put(flavour, context(dir));
            ForebayStateStore store = (ForebayStateStore) flavour.create(name(flavour));
            store.init(contexts.get(flavour), store);
            stores.put(flavour, store);
            Long offset = store.committedOffset(CHANGELOG);
            next.put(flavour, offset == null ? 1 : offset + 1);
        }
        boolean durably = Boolean.parseBoolean(args[2]);
        int operations = 500 + random.nextInt(4000);
        for (int left = operations; left > 0; left--) {
            if (durably && left == operations / 2) {
                stores.forEach((flavour, store) -> {
                    store.commit(Map.of(CHANGELOG, next.get(flavour) - 1));
                    DurableCommits.await(store);
                });
            }
            StoreFlavour flavour = StoreFlavour.values()[random.nextInt(3)];
            ForebayStateStore store = stores.get(flavour);
            long n = next.get(flavour);
            next.put(flavour, n + 1);
            TestContexts.processing(contexts.get(flavour), "in", 0, n);
            flavour.put(store, "newest", String.valueOf(n));
            flavour.put(store, "key-" + n % KEYS, String.valueOf(n));
            if (random.nextInt(20) == 0) {
                store.commit(Map.of(CHANGELOG, n));
            }
        }
        Runtime.getRuntime().halt(99);
    }
}
