package io.forebay.store.harness.linear;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.WriteBatch;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Lock;

/** Writes at random, and has memtables frozen, flushed and compacted in between. */
final class Writer {
    private static final int WRITES = 2_000;
    private static final byte[] PAYLOAD = {};

    private final ConcurrentWorkload workload;
    private final Store store;
    private final Recorder.ThreadLog log;
    private final Random random;
    private final WriteGenerator generator;

    Writer(ConcurrentWorkload workload, Recorder.ThreadLog log, Random random) {
        this.workload = workload;
        this.store = workload.store;
        this.log = log;
        this.random = random;
        generator = new WriteGenerator(random, log.thread, (int) (workload.memory / 192));
    }

    void run() {
        for (int i = 0; i < WRITES && !workload.isEnough(); i++) {
            int dice = random.nextInt(10_000);
            if (dice < workload.ingests) {
                ingest();
            } else if (dice < 8_000) {
                single(generator.single());
            } else if (dice < 9_500) {
                batch("batch", generator.small());
            } else if (dice < 9_580) {
                large(dice < 9_560);
            } else if (dice < 9_800) {
                sharing(() -> store.commit(PAYLOAD));
            } else if (dice < 9_830) {
                sharing(store::flush);
            } else if (dice < 9_835) {
                sharing(store::compact);
            } else {
                closeExposed();
            }
        }
    }

    /** Of a store that has the memory to itself: one that fails in the middle ends its store. */
    private void large(boolean aQuarter) {
        if (workload.hasNeighbours) {
            batch("batch", generator.small());
        } else if (aQuarter) {
            batch("batch above a quarter", generator.large(workload.memory / 4 + 1));
        } else {
            batch("batch above half", generator.large(workload.memory / 2 + 1));
        }
    }

    /** The memory of a neighbour comes, but not to whoever asks while its writer is inside its gate. */
    private void untilThereIsMemory(Runnable write) {
        while (true) {
            try {
                write.run();
                return;
            } catch (MemoryBudgetException e) {
                if (!workload.hasNeighbours) {
                    throw e;
                }
                workload.figures.add("writes that were told that there is no memory", 1);
            }
        }
    }

    /** Not while another writer has an ingest open. */
    private void sharing(Runnable work) {
        Lock shared = workload.turn.readLock();
        shared.lock();
        try {
            work.run();
        } finally {
            shared.unlock();
        }
    }

    private void single(Effect effect) {
        byte[] key = KeySpace.bytes(effect.key());
        sharing(() -> {
            long called = log.stamp();
            untilThereIsMemory(() -> write(effect, key));
            log.add(Call.write(log.thread, called, log.stamp(), "write", List.of(effect)));
        });
    }

    private void write(Effect effect, byte[] key) {
        switch (effect.kind()) {
            case PUT -> store.put(key, effect.value().bytes());
            case DELETE -> store.delete(key);
            case MERGE -> store.merge(key, effect.value().bytes());
            case DELETE_RANGE -> store.deleteRange(key, KeySpace.bytes(effect.to()));
        }
    }

    private void batch(String what, List<Effect> effects) {
        WriteBatch batch = WriteGenerator.toBatch(effects);
        sharing(() -> {
            long called = log.stamp();
            untilThereIsMemory(() -> store.write(batch));
            log.add(Call.write(log.thread, called, log.stamp(), what, effects));
        });
        workload.figures.add(what, 1);
    }

    /** While an ingest is open, nobody else may write. */
    private void ingest() {
        List<Effect> effects = generator.ingest();
        Lock alone = workload.turn.writeLock();
        alone.lock();
        try (SortedIngest ingest = store.ingest()) {
            for (Effect effect : effects) {
                ingest.add(KeySpace.bytes(effect.key()), effect.value().bytes());
            }
            long called = log.stamp();
            ingest.finish();
            log.add(Call.write(log.thread, called, log.stamp(), "ingest", effects));
        } finally {
            alone.unlock();
        }
        single(Effect.merge(effects.isEmpty() ? 0 : effects.get(0).key(), new byte[] {'i'}));
        workload.figures.add("ingest", 1);
    }

    /** What is written next overwrites what only the snapshot kept. */
    private void closeExposed() {
        Snapshot snapshot = workload.exposed.getAndSet(null);
        if (snapshot != null) {
            snapshot.close();
            workload.figures.add("snapshots closed by another thread", 1);
        }
    }
}
