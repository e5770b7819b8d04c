package io.forebay.store.harness.fault;

import static io.forebay.store.harness.fault.FaultRun.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.ScannedEntries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Small stories in which every operation on files is made to fail once. What is prepared goes well. */
enum FaultScenario {
    PUT_AND_FLUSH(run -> {}, run -> {
        run.fill("a", 40, 1);
        run.store.flush();
        run.fill("a", 40, 2);
        run.store.flush();
    }),

    COMMIT_DURABLY(run -> {}, run -> {
        for (int i = 0; i < 3; i++) {
            run.fill("a", 20, i);
            run.commitDurably();
        }
        run.commitDurably();
    }),

    COMMIT_BY_TIMER(FaultScenario::threeCommits, run -> {
        for (int i = 0; i < 3; i++) {
            run.fill("a", 20, i);
            run.commit();
            run.pass();
        }
    }),

    COMMIT_EAGERLY(Duration.ZERO, FaultScenario::threeCommits, run -> {
        for (int i = 0; i < 4; i++) {
            run.fill("a", 20, i);
            run.commit();
            run.executor.drain();
            run.commit();
        }
        run.executor.drain();
    }),

    COMPACTION_IN_THE_BACKGROUND(FaultScenario::threeCommits, run -> {
        for (int i = 0; i < 8; i++) {
            run.fill("a", 30, i);
            run.commitDurably();
            run.executor.drain();
        }
    }),

    COMPACT_ALL(FaultScenario::threeCommits, run -> {
        run.fill("b", 60, 1);
        run.commitDurably();
        run.store.compact();
        run.check();
    }),

    COMPACT_WITH_SNAPSHOT(FaultScenario::threeCommits, run -> {
        Model before = run.model.copy();
        try (Snapshot snapshot = run.store.snapshot()) {
            run.fill("a", 60, 9);
            run.delete("a3");
            run.store.compact();
            before.assertSame(snapshot, KeyRange.all(), "snapshot");
            run.check();
        }
    }),

    RANGE_DELETE_DROPS_FILES(FaultScenario::largeAndCompacted, run -> {
        run.deleteRange("a", "b");
        run.commitDurably();
        run.executor.drain();
        run.check();
        run.deleteRange("", null);
        run.commitDurably();
        run.executor.drain();
        run.check();
    }),

    DELETES(FaultScenario::largeAndCompacted, run -> {
        for (int i = 0; i < 60; i++) {
            run.delete("a" + i);
        }
        run.commitDurably();
        run.store.compact();
        run.check();
    }),

    BATCH(FaultScenario::threeCommits, run -> {
        for (int round = 0; round < 3; round++) {
            run.batch(20);
            run.commitDurably();
        }
    }),

    LARGE_BATCH(FaultScenario::threeCommits, run -> {
        run.batch(700);
        run.commitDurably();
        run.check();
    }),

    MERGE(FaultScenario::threeCommits, run -> {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 20; i++) {
                run.merge("a" + i, "operand " + round);
                run.merge("m" + i % 3, "operand " + i);
            }
            run.store.flush();
        }
        run.store.compact();
        run.commitDurably();
    }),

    POINT_READS_OF_COLD_FILES(FaultScenario::cold, run -> {
        for (Map.Entry<byte[], byte[]> entry : run.model.map().entrySet()) {
            assertThat(run.store.get(entry.getKey())).isEqualTo(entry.getValue());
        }
    }),

    MULTI_GET(FaultScenario::cold, run -> {
        List<byte[]> keys = new ArrayList<>(run.model.map().keySet());
        keys.add(key("absent"));
        List<byte[]> values = run.store.multiGet(keys);
        for (int i = 0; i < keys.size(); i++) {
            assertThat(values.get(i)).isEqualTo(run.model.get(keys.get(i)));
        }
    }),

    SCANS_OF_COLD_FILES(FaultScenario::cold, run -> {
        run.check();
        run.model.assertSame(run.store, KeyRange.of(key("a2"), key("b1")), "range");
    }),

    RANGE_SCANS_OF_COLD_FILES(FaultScenario::cold, run -> {
        try (StoreIterator entries = new ScannedEntries(run.store, KeyRange.all())) {
            entries.seekToFirst();
            for (Map.Entry<byte[], byte[]> entry : run.model.map().entrySet()) {
                Model.assertAt(entries, entry, "scan");
                entries.next();
            }
            assertThat(entries.isValid()).isFalse();
        }
    }),

    ITERATOR_GOES_ON_AFTER_AN_ERROR(FaultScenario::cold, run -> {
        try (StoreIterator iterator = run.store.iterator(KeyRange.all())) {
            StoreException failure = null;
            for (byte[] key : run.model.map().keySet()) {
                try {
                    iterator.seek(key);
                } catch (StoreException e) {
                    failure = e;
                    continue;
                }
                Model.assertAt(iterator, run.model.map().ceilingEntry(key), "seek");
            }
            if (failure != null) {
                throw failure;
            }
        }
    }),

    ITERATOR_ACROSS_FLUSH_AND_COMPACTION(FaultScenario::threeCommits, run -> {
        Model before = run.model.copy();
        try (StoreIterator iterator = run.store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            int number = 0;
            for (Map.Entry<byte[], byte[]> entry : before.map().entrySet()) {
                Model.assertAt(iterator, entry, "iterator");
                if (number++ % 10 == 0) {
                    run.put(new String(entry.getKey(), java.nio.charset.StandardCharsets.UTF_8), 100);
                    run.store.flush();
                    run.executor.drain();
                }
                iterator.next();
            }
            assertThat(iterator.isValid()).isFalse();
        }
    }),

    CHECKPOINT(FaultScenario::threeCommits, run -> {
        run.fill("c", 30, 1);
        try (Checkpoint checkpoint = run.checkpoint()) {
            await(checkpoint);
            run.fill("c", 30, 2);
            run.store.compact();
            for (CheckpointFile file : checkpoint.files()) {
                readRaw(checkpoint, file);
            }
        }
        run.executor.drain();
    }),

    CHECKPOINT_TO_A_DIRECTORY(FaultScenario::threeCommits, run -> {
        CrashFileStore raw = new CrashFileStore();
        FaultFileStore place = new FaultFileStore(raw, run.faults);
        try (Checkpoint checkpoint = run.checkpoint()) {
            await(checkpoint);
            checkpoint.writeTo(place);
            run.fill("c", 10, 1);
            assertThat(raw.list()).hasSize(checkpoint.files().size() + 1);
        }
    }),

    RESTORE(FaultScenario::threeCommits, run -> {
        CrashFileStore raw = new CrashFileStore();
        FaultFileStore place = new FaultFileStore(raw, run.faults);
        try (Checkpoint checkpoint = run.checkpoint()) {
            await(checkpoint);
            RestoreSource source = new RestoreSource(run.files, checkpoint.metadata(), KeyRange.all());
            try (Store restored = run.environment.restore(place, run.options, List.of(source), key("restored"))) {
                run.model.assertSame(restored, KeyRange.all(), "restored");
                restored.put(key("more"), key("more"));
                restored.commitDurably(key("more"));
            }
        }
    }),

    RESTORE_CLIPPED_FROM_SEVERAL_SOURCES(FaultScenario::threeCommits, run -> {
        KeyRange low = KeyRange.of(null, key("a5"));
        KeyRange high = KeyRange.of(key("a5"), null);
        FaultFileStore left = new FaultFileStore(new CrashFileStore(), run.faults);
        FaultFileStore right = new FaultFileStore(new CrashFileStore(), run.faults);
        FaultFileStore joined = new FaultFileStore(new CrashFileStore(), run.faults);
        try (Checkpoint checkpoint = run.checkpoint()) {
            await(checkpoint);
            byte[] state = checkpoint.metadata();
            try (Store one = run.restore(left, List.of(new RestoreSource(run.files, state, low)));
                    Store other = run.restore(right, List.of(new RestoreSource(run.files, state, high)))) {
                one.put(key("a1"), key("changed"));
                try (Checkpoint first = run.checkpoint(one);
                        Checkpoint second = run.checkpoint(other)) {
                    await(first);
                    await(second);
                    List<RestoreSource> parts = List.of(
                            new RestoreSource(left, first.metadata(), low),
                            new RestoreSource(right, second.metadata(), high));
                    try (Store all = run.restore(joined, parts)) {
                        Model expected = run.model.copy();
                        expected.put(key("a1"), key("changed"));
                        expected.assertSame(all, KeyRange.all(), "joined");
                        all.compact();
                        expected.assertSame(all, KeyRange.all(), "joined and compacted");
                    }
                }
            }
        }
    }),

    INGEST(FaultScenario::threeCommits, run -> {
        run.ingest("a0", 40);
        run.commitDurably();
        run.check();
        run.ingest("z", 40);
        run.fill("z", 10, 3);
        run.commitDurably();
        run.check();
    }),

    ABANDONED_INGEST(FaultScenario::threeCommits, run -> {
        try (SortedIngest ingest = run.startIngest()) {
            for (int i = 10; i < 99; i++) {
                ingest.add(key("i" + i), new byte[200]);
            }
        }
        run.executor.drain();
        run.commitDurably();
    }),

    REOPEN(FaultScenario::threeCommits, run -> {
        run.fill("a", 10, 8);
        run.commitDurably();
        run.close();
        run.open();
        run.check();
        run.put("a1", "after the reopen");
        run.commitDurably();
    }),

    REOPEN_DROPS_UNCOMMITTED_FILES(FaultScenario::threeCommits, run -> {
        Model committed = run.model.copy();
        run.fill("u", 40, 1);
        run.store.flush();
        run.model = committed;
        run.close();
        run.open();
        run.executor.drain();
        run.check();
        run.put("a1", "after the reopen");
        run.commitDurably();
    }),

    CLOSE_BRINGS_THE_LAST_COMMIT_TO_DISK(FaultScenario::threeCommits, run -> {
        run.fill("a", 30, 8);
        run.commit();
        run.put("a1", "not committed");
        run.close();
    }),

    WRITES_UNDER_MEMORY_PRESSURE(FaultScenario::threeCommits, run -> {
        for (int i = 0; i < 60; i++) {
            run.put("big" + i % 20, 30_000);
        }
        run.commitDurably();
        run.check();
    }),

    SEVERAL_STORES(FaultScenario::threeCommits, run -> {
        FaultFileStore place = new FaultFileStore(new CrashFileStore(), run.faults);
        try (Store other = run.environment.open(place, run.options)) {
            for (int i = 0; i < 25; i++) {
                run.put("big" + i, 20_000);
                other.put(key("big" + i), new byte[20_000]);
            }
            other.commitDurably(key("other"));
            run.commitDurably();
            assertThat(other.get(key("big3"))).hasSize(20_000);
        }
    }),

    EXPLICIT_RESUME(FaultScenario::threeCommits, run -> {
        StoreException failure = run.failure(() -> {
            run.fill("a", 30, 5);
            run.commitDurably();
        });
        run.store.resume();
        run.commitDurably();
        run.fill("a", 30, 6);
        run.commitDurably();
        run.check();
        if (failure != null) {
            throw failure;
        }
    });

    /** An error of a file that is read without a store around it. */
    static final class RawRead extends UncheckedIOException {
        private static final long serialVersionUID = 1L;

        RawRead(IOException cause) {
            super(cause);
        }
    }

    final FaultRun.Body prepare;
    final FaultRun.Body body;
    private final Duration commitInterval;

    FaultScenario(FaultRun.Body prepare, FaultRun.Body body) {
        this(Duration.ofSeconds(10), prepare, body);
    }

    FaultScenario(Duration commitInterval, FaultRun.Body prepare, FaultRun.Body body) {
        this.prepare = prepare;
        this.body = body;
        this.commitInterval = commitInterval;
    }

    /** @param values whether values are in value files */
    StoreOptions options(boolean values) {
        return StoreOptions.builder()
                .valueFileThreshold(values ? 1 : 0)
                .name("faults")
                .memtableBytes(16 << 10)
                .blockBytes(512)
                .targetFileBytes(4 << 10)
                .commitInterval(commitInterval)
                .mergeFunction(MergeFunction.append((byte) ','))
                .build();
    }

    private static void threeCommits(FaultRun run) {
        run.put("stable", "stable");
        for (int i = 0; i < 3; i++) {
            run.fill("a", 25, i);
            run.commitDurably();
        }
        run.executor.drain();
    }

    private static void largeAndCompacted(FaultRun run) {
        for (int i = 0; i < 60; i++) {
            run.put("a" + i, 300);
            run.put("b" + i, 300);
        }
        run.commitDurably();
        run.store.compact();
        run.executor.drain();
    }

    /** Files of several runs, none of them open, and a range delete. */
    private static void cold(FaultRun run) {
        threeCommits(run);
        largeAndCompacted(run);
        run.fill("b", 20, 7);
        run.deleteRange("a30", "a35");
        run.commitDurably();
        run.close();
        run.open();
        run.executor.drain();
    }

    static void await(Checkpoint checkpoint) {
        try {
            checkpoint.completion().join();
        } catch (java.util.concurrent.CompletionException e) {
            if (e.getCause() instanceof StoreException typed) {
                throw typed;
            }
            throw e;
        }
    }

    private static void readRaw(Checkpoint checkpoint, CheckpointFile file) {
        try (ReadableFile raw = checkpoint.open(file)) {
            ByteBuffer content = ByteBuffer.allocate((int) raw.size());
            raw.read(0, content);
        } catch (IOException e) {
            throw new RawRead(e);
        }
    }
}
