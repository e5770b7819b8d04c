package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.TestKeys;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A callback that the engine asks in its middle calls every method of its store: it works, or says why not. */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallbacksTest extends CallbackStores {
    /** Runs a call the first time it is asked to, and keeps what came of it. */
    private static final class Probe {
        private final BiConsumer<Environment, Store> call;
        private final AtomicBoolean begun = new AtomicBoolean();
        volatile Environment environment;
        volatile Store store;
        volatile boolean armed;
        /** The call has come to an end. */
        volatile boolean asked;

        volatile Throwable failure;

        Probe(BiConsumer<Environment, Store> call) {
            this.call = call;
        }

        void run() {
            if (armed && begun.compareAndSet(false, true)) {
                try {
                    call.accept(environment, store);
                } catch (Throwable e) {
                    failure = e;
                }
                asked = true;
            }
        }
    }

    /** Works, or says why not; and the store is as good as before unless the call has closed it. */
    private static void check(String where, Probe probe, CrashFileStore disk, StoreOptions options) {
        assertThat(probe.asked).as(where).isTrue();
        if (probe.failure != null) {
            assertThat(probe.failure)
                    .as(where)
                    .isInstanceOfAny(IllegalStateException.class, StoreException.class)
                    .hasMessageMatching(
                            "(?s).*(was called by|at the same time|is just being opened|closed|open ingest).*");
        }
        try {
            probe.store.put(bytes("after"), A);
            probe.store.commitDurably(new byte[] {7});
        } catch (StoreClosedException e) {
            assertThat(where).matches(".*(close|discard|close of the environment)");
        }
        probe.environment.close();
        try (Environment again = environment(2);
                Store reopened = again.open(disk, options)) {
            assertThat(reopened.verify().isClean()).as(where).isTrue();
        }
    }

    private static MergeFunction merging(Probe probe) {
        return new MergeFunction() {
            @Override
            public String name() {
                return "probe";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                probe.run();
                return values.get(values.size() - 1);
            }
        };
    }

    @Test
    void aMergeFunctionInAWrite() {
        for (Durability durability : new Durability[] {Durability.NONE, Durability.BUFFERED}) {
            for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options = StoreOptions.builder()
                        .mergeFunction(merging(probe))
                        .durability(durability)
                        .build();
                open(probe, disk, options);
                probe.store.merge(A, bytes("1"));
                probe.armed = true;
                for (int i = 0; i < 20 && !probe.asked; i++) {
                    probe.store.merge(A, bytes("2"));
                }
                check("merge in a write, " + durability + ": " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aMergeFunctionInARead() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            for (boolean iterating : new boolean[] {false, true}) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options =
                        StoreOptions.builder().mergeFunction(merging(probe)).build();
                open(probe, disk, options);
                probe.store.put(A, bytes("0"));
                Snapshot between = probe.store.snapshot();
                probe.store.merge(A, bytes("1"));
                probe.armed = true;
                if (iterating) {
                    StoreIterator iterator = probe.store.iterator(KeyRange.all());
                    iterator.seekToFirst();
                    iterator.close();
                } else {
                    assertThat(probe.store.get(A)).isEqualTo(bytes("1"));
                }
                between.close();
                assertThat(probe.failure).as(call.getKey()).isNull();
                check("merge in a read: " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aFilterInAFlush() {
        for (int threads : new int[] {1, 2}) {
            for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
                Probe probe = new Probe(call.getValue());
                CrashFileStore disk = new CrashFileStore();
                StoreOptions options = StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            probe.run();
                            return false;
                        })
                        .build();
                open(probe, disk, options, threads);
                probe.store.put(A, A);
                probe.armed = true;
                probe.store.checkpoint(NONE).completion().join();
                check("filter in a flush, threads " + threads + ": " + call.getKey(), probe, disk, options);
            }
        }
    }

    @Test
    void aKeyProviderThatCallsBack() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            Probe probe = new Probe(call.getValue());
            CrashFileStore disk = new CrashFileStore();
            KeyProvider keys = TestKeys.provider("one");
            KeyProvider calling = new KeyProvider() {
                @Override
                public String currentKeyId() {
                    return keys.currentKeyId();
                }

                @Override
                public WrappedKey wrap(byte[] dataKey)
                        throws java.io.IOException, java.security.GeneralSecurityException {
                    probe.run();
                    return keys.wrap(dataKey);
                }

                @Override
                public byte[] unwrap(String keyId, byte[] wrapped)
                        throws java.io.IOException, java.security.GeneralSecurityException {
                    probe.run();
                    return keys.unwrap(keyId, wrapped);
                }
            };
            StoreOptions options = StoreOptions.builder().encryption(calling).build();
            open(probe, disk, options);
            probe.store.put(A, A);
            probe.armed = true;
            probe.store.checkpoint(NONE).completion().join();
            check("key provider: " + call.getKey(), probe, disk, options);
        }
    }

    @Test
    void anAllocatorThatCallsBack() {
        for (Map.Entry<String, BiConsumer<Environment, Store>> call : CALLS.entrySet()) {
            if (call.getKey().equals("put") || call.getKey().equals("commit")) {
                continue; // as a second writer inside of a write
            }
            Probe probe = new Probe(call.getValue());
            CrashFileStore disk = new CrashFileStore();
            HeapSlabs slabs = new HeapSlabs();
            probe.environment = Environment.builder()
                    .memoryBytes(8 << 20)
                    .allocator(new SlabAllocator() {
                        @Override
                        public ByteBuffer allocate(int bytes) {
                            probe.run();
                            return slabs.allocate(bytes);
                        }

                        @Override
                        public void release(ByteBuffer buffer) {
                            slabs.release(buffer);
                        }
                    })
                    .build();
            StoreOptions options = StoreOptions.defaults();
            probe.store = probe.environment.open(disk, options);
            probe.armed = true;
            for (int i = 0; i < 200; i++) {
                probe.store.put(bytes("k" + i), new byte[1000]);
            }
            check("allocator: " + call.getKey(), probe, disk, options);
            assertThat(slabs.outstanding()).isZero();
        }
        Figures figures = new Figures(CallbacksTest.class);
        figures.add("calls", CALLS.size());
        figures.write();
    }

    private static void open(Probe probe, CrashFileStore disk, StoreOptions options) {
        open(probe, disk, options, 2);
    }

    private static void open(Probe probe, CrashFileStore disk, StoreOptions options, int threads) {
        probe.environment = environment(threads);
        probe.store = probe.environment.open(disk, options);
    }
}
