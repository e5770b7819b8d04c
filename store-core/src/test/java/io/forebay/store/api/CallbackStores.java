package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.HeapSlabs;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Stores whose callbacks do what they should not; the base of their tests. */
abstract class CallbackStores {
    static final byte[] A = bytes("a");
    static final byte[] NONE = {};

    /** The methods of a store that a callback may think of. */
    static final Map<String, BiConsumer<Environment, Store>> CALLS = new LinkedHashMap<>();

    static {
        CALLS.put("get", (environment, store) -> store.get(A));
        CALLS.put("multiGet", (environment, store) -> store.multiGet(List.of(A, bytes("b"))));
        CALLS.put("iterator", (environment, store) -> {
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                iterator.seekToFirst();
            }
        });
        CALLS.put("snapshot", (environment, store) -> store.snapshot().close());
        CALLS.put("checkpoint", (environment, store) -> store.checkpoint(NONE).close());
        CALLS.put("statistics", (environment, store) -> store.statistics());
        CALLS.put("verify", (environment, store) -> store.verify());
        CALLS.put("commit", (environment, store) -> store.commit(NONE));
        CALLS.put("commitDurably", (environment, store) -> store.commitDurably(new byte[] {9}));
        CALLS.put("flush", (environment, store) -> store.flush());
        CALLS.put("compact", (environment, store) -> store.compact());
        CALLS.put("resume", (environment, store) -> store.resume());
        CALLS.put("put", (environment, store) -> store.put(bytes("z"), A));
        CALLS.put("ingest", (environment, store) -> {
            try (SortedIngest ingest = store.ingest()) {
                ingest.add(bytes("i"), A);
                ingest.finish();
            }
        });
        CALLS.put("discard", (environment, store) -> store.discard());
        CALLS.put("close", (environment, store) -> store.close());
        CALLS.put("close of the environment", (environment, store) -> environment.close());
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    static Environment environment(int threads) {
        return Environment.builder()
                .memoryBytes(8 << 20)
                .backgroundThreads(threads)
                .allocator(new HeapSlabs())
                .build();
    }
}
