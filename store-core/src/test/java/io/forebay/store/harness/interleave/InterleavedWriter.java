package io.forebay.store.harness.interleave;

import static io.forebay.store.harness.interleave.InterleavedStore.K;
import static io.forebay.store.harness.interleave.InterleavedStore.bytes;

import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.WriteBatch;
import java.util.List;

/**
 * What the writer of {@link StoreInterleavings} does.
 *
 * @param before makes the state that it begins with
 */
record InterleavedWriter(String name, Step before, List<Step> steps) {
    @FunctionalInterface
    interface Step {
        void run(InterleavedStore world);
    }

    private static final String CLOSE = "close of the snapshot";
    /** Alone larger than a quarter of the budget, so that a batch with it is applied piece by piece. */
    private static final byte[] FILL = new byte[300 << 10];

    private InterleavedWriter(String name, Step before, Step... steps) {
        this(name, before, List.of(steps));
    }

    boolean closesTheSnapshot() {
        return name.startsWith(CLOSE);
    }

    static List<InterleavedWriter> all() {
        Step inFiles = world -> {
            fill(world.store);
            world.store.flush();
            world.environment.executor.drain();
        };
        Step inMemory = world -> fill(world.store);
        Step frozen = world -> {
            fill(world.store);
            world.store.commit(new byte[0]);
        };
        Step operands = world -> {
            world.store.merge(K, bytes("o1"));
            world.store.commit(new byte[0]);
            world.store.merge(K, bytes("o2"));
        };
        Step put = world -> world.store.put(K, bytes("new"));
        Step putLong = world -> world.store.put(K, bytes("a value that takes more room than the one before"));
        Step delete = world -> world.store.delete(K);
        Step merge = world -> world.store.merge(K, bytes("op"));
        Step deleteRange = world -> world.store.deleteRange(bytes("a"), bytes("l"));
        Step freeze = world -> world.store.commit(bytes("c"));
        Step background = InterleavedStore::step;
        Step close = world -> world.snapshot.close();
        Step compact = world -> world.store.compact();
        Step batch = InterleavedWriter::batch;
        Step large = InterleavedWriter::largeBatch;
        Step largeDeletes = InterleavedWriter::largeBatchOfDeletes;
        Step ingest = InterleavedWriter::ingest;
        return List.of(
                new InterleavedWriter("put in files", inFiles, put),
                new InterleavedWriter("put in memory", inMemory, put),
                new InterleavedWriter("put frozen", frozen, put),
                new InterleavedWriter("longer put in memory", inMemory, putLong),
                new InterleavedWriter("two puts in memory", inMemory, put, put),
                new InterleavedWriter("delete in files", inFiles, delete),
                new InterleavedWriter("delete in memory", inMemory, delete),
                new InterleavedWriter("merge in files", inFiles, merge),
                new InterleavedWriter("merge in memory", inMemory, merge),
                new InterleavedWriter("merge on operands", operands, merge, merge),
                new InterleavedWriter("range delete in files", inFiles, deleteRange),
                new InterleavedWriter("range delete and put in memory", inMemory, deleteRange, put),
                new InterleavedWriter("batch in files", inFiles, batch),
                new InterleavedWriter("batch in memory", inMemory, batch),
                new InterleavedWriter("large batch in files", inFiles, large),
                new InterleavedWriter("large batch in memory", inMemory, large),
                new InterleavedWriter("large batch of deletes", inFiles, largeDeletes),
                new InterleavedWriter("large batch, flushed in the middle", frozen, large, background),
                new InterleavedWriter("ingest", inFiles, ingest),
                new InterleavedWriter("ingest and merge", inFiles, ingest, merge),
                new InterleavedWriter("ingest and put", inFiles, ingest, put),
                new InterleavedWriter("freeze and put", inMemory, freeze, put),
                new InterleavedWriter("freeze and flush", inMemory, freeze, background),
                new InterleavedWriter("flush", frozen, background),
                new InterleavedWriter("flush and put", frozen, background, put),
                new InterleavedWriter("put and flush", frozen, put, background),
                new InterleavedWriter("compaction", operands, compact),
                new InterleavedWriter(CLOSE + " and put", inMemory, close, put),
                new InterleavedWriter(CLOSE + " and delete", frozen, close, delete),
                new InterleavedWriter(CLOSE + " and compaction", inFiles, put, close, compact));
    }

    private static void batch(InterleavedStore world) {
        WriteBatch batch = new WriteBatch();
        batch.put(K, bytes("mid"));
        batch.delete(bytes("a"));
        batch.merge(K, bytes("op"));
        world.store.write(batch);
    }

    private static void largeBatch(InterleavedStore world) {
        WriteBatch batch = new WriteBatch();
        batch.put(K, bytes("mid"));
        batch.delete(bytes("z"));
        batch.put(bytes("f"), FILL);
        batch.put(K, bytes("fin"));
        world.store.write(batch);
    }

    private static void largeBatchOfDeletes(InterleavedStore world) {
        WriteBatch batch = new WriteBatch();
        batch.deleteRange(bytes("a"), bytes("z"));
        batch.put(bytes("f"), FILL);
        batch.merge(K, bytes("fin"));
        world.store.write(batch);
    }

    private static void ingest(InterleavedStore world) {
        try (SortedIngest ingest = world.store.ingest()) {
            ingest.add(bytes("b"), bytes("in"));
            ingest.add(K, bytes("base"));
            ingest.finish();
        }
    }

    private static void fill(Store store) {
        store.put(bytes("a"), bytes("first"));
        store.put(K, bytes("old"));
        store.put(bytes("z"), bytes("last"));
    }

    /** Writes of which two may go on at the same time, if there is a log. */
    static List<InterleavedWriter> ofSeveral(String value) {
        Step inMemory = world -> fill(world.store);
        return List.of(
                new InterleavedWriter("put", inMemory, world -> world.store.put(K, bytes(value))),
                new InterleavedWriter("merge", inMemory, world -> world.store.merge(K, bytes(value))),
                new InterleavedWriter("delete", inMemory, world -> world.store.delete(K)),
                new InterleavedWriter(
                        "range delete", inMemory, world -> world.store.deleteRange(bytes("a"), bytes("l"))),
                new InterleavedWriter("batch", inMemory, InterleavedWriter::batch),
                new InterleavedWriter("large batch", inMemory, InterleavedWriter::largeBatch),
                new InterleavedWriter("commit", inMemory, world -> world.store.commit(bytes(value))));
    }
}
