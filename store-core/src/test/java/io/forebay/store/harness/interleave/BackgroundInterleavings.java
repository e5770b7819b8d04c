package io.forebay.store.harness.interleave;

import static io.forebay.store.harness.interleave.InterleavedStore.bytes;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.interleave.Interleaving;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/** Background work beside other background work, and the end of a store beside the writer of another one. */
final class BackgroundInterleavings {
    private static final int BUDGET = 1 << 20;

    private BackgroundInterleavings() {}

    static List<Interleaving> all() {
        return List.of(
                interleaving("compaction beside the flush that brings a commit", CompactionBesideFlush::new),
                interleaving("close of a store beside the writer who freezes its memtable", CloseBesideNeighbour::new));
    }

    private interface Begin {
        Interleaving.Run begin();
    }

    private static Interleaving interleaving(String name, Begin begin) {
        return new Interleaving() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Run begin() {
                return begin.begin();
            }
        };
    }

    /** An environment whose pieces of background work are chosen by their kind. */
    private abstract static class Both implements Interleaving.Run {
        private final Map<BackgroundExecutor.Kind, Queue<Runnable>> work = new EnumMap<>(BackgroundExecutor.Kind.class);
        private final HeapSlabs slabs = new HeapSlabs();
        final Environment environment = newEnvironment();
        volatile Throwable failure;

        Environment newEnvironment() {
            long[] ids = new long[1];
            return Environment.builder()
                    .memoryBytes(BUDGET)
                    .clock(new ManualClock())
                    .allocator(slabs)
                    .random(() -> ids[0]++)
                    .executor(new BackgroundExecutor() {
                        @Override
                        public void execute(Kind kind, Runnable due) {
                            work.computeIfAbsent(kind, key -> new ArrayDeque<>())
                                    .add(due);
                        }

                        @Override
                        public Runnable schedule(long delayNanos, Runnable due) {
                            return () -> {};
                        }

                        @Override
                        public boolean help() {
                            return true; // the pause of a writer ends at once
                        }

                        @Override
                        public void close() {
                            work.clear();
                        }
                    })
                    .build();
        }

        void work(BackgroundExecutor.Kind kind) {
            work.get(kind).remove().run();
        }

        void noting(Runnable step) {
            try {
                step.run();
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }

        @Override
        public void close() {
            environment.close();
        }
    }

    /**
     * A flush brings two files, one up to a commit and one behind it. A compaction that takes both for uncommitted joins
     * them, and the rows up to the commit go with the next open.
     */
    private static final class CompactionBesideFlush extends Both {
        private static final int RUNS = 4;
        private static final int MEMTABLE_BYTES = 1 << 10;

        private final FileStore files = FileStores.inMemory();
        private final Store store;

        CompactionBesideFlush() {
            store = open(environment);
            for (int i = 0; i < RUNS; i++) {
                putAll(i);
                work(BackgroundExecutor.Kind.FLUSH);
            }
            store.put(bytes("committed"), bytes("last"));
            store.commit(bytes("one"));
            putAll(RUNS);
        }

        private Store open(Environment in) {
            return in.open(
                    files, StoreOptions.builder().memtableBytes(MEMTABLE_BYTES).build());
        }

        /** Fills the memtable, so that it is frozen. */
        private void putAll(int number) {
            store.put(bytes("key" + number), new byte[MEMTABLE_BYTES + number]);
        }

        @Override
        public void first() {
            noting(() -> work(BackgroundExecutor.Kind.COMPACTION));
        }

        @Override
        public void second() {
            noting(() -> work(BackgroundExecutor.Kind.FLUSH));
        }

        @Override
        public String check() {
            if (failure != null) {
                return "background work failed: " + failure;
            }
            String payload = InterleavedStore.text(store.durablePayload());
            store.discard();
            try (Environment other = newEnvironment()) {
                Store reopened = open(other);
                StringBuilder state = new StringBuilder();
                for (int i = 0; i <= RUNS; i++) {
                    byte[] value = reopened.get(bytes("key" + i));
                    state.append(value == null ? "none" : value.length).append(' ');
                }
                state.append(InterleavedStore.text(reopened.get(bytes("committed"))));
                String whole = "1024 1025 1026 1027 none last";
                boolean right = payload.equals("one")
                        && state.toString().equals(whole)
                        && reopened.verify().isClean();
                return right ? null : "at commit \"" + payload + "\" the store holds " + state + ", not " + whole;
            }
        }
    }

    /** The memory of three stores is short, and the largest memtable belongs to the one that is closed. */
    private static final class CloseBesideNeighbour extends Both {
        private static final int PIECE = 60 << 10;

        private final Store largest = fill(3);
        private final Store other = fill(2);
        private final Store writing = fill(0);

        private Store fill(int pieces) {
            Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
            for (int i = 0; i < pieces; i++) {
                store.put(bytes("key" + i), new byte[PIECE]);
            }
            return store;
        }

        @Override
        public void first() {
            noting(() -> writing.put(bytes("key"), new byte[2 * PIECE]));
        }

        @Override
        public void second() {
            noting(largest::close);
        }

        @Override
        public String check() {
            if (failure != null) {
                StringBuilder text = new StringBuilder(failure.toString());
                for (StackTraceElement frame : failure.getStackTrace()) {
                    text.append("\n    ").append(frame);
                }
                return text.toString();
            }
            byte[] value = writing.get(bytes("key"));
            return value != null && value.length == 2 * PIECE && other.get(bytes("key1")) != null
                    ? null
                    : "a write is missing";
        }
    }
}
