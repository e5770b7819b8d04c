package io.forebay.store.harness.linear;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.testing.ScannedEntries;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;

/** Reads in all ways at random and records what was shown. */
final class Reader {
    private static final byte[] PAYLOAD = {};

    private final ConcurrentWorkload workload;
    private final Store store;
    private final Recorder.ThreadLog log;
    private final Random random;

    Reader(ConcurrentWorkload workload, Recorder.ThreadLog log, Random random) {
        this.workload = workload;
        this.store = workload.store;
        this.log = log;
        this.random = random;
    }

    void run() throws Exception {
        try {
            readAll();
        } catch (StoreClosedException e) {
            if (!workload.isEnding()) {
                throw e;
            }
            workload.answered("readers that were told that their store is closed", 1);
        }
    }

    private void readAll() throws Exception {
        while (!workload.isOver()) {
            int dice = random.nextInt(10_000);
            if (dice < 9_000) {
                get();
            } else if (dice < 9_500) {
                multiGet();
            } else if (dice < 9_600) {
                scan();
            } else if (dice < 9_700) {
                iterator();
            } else if (dice < 9_998) {
                snapshot();
            } else {
                checkpoint();
            }
        }
    }

    private void get() {
        for (int i = 0; i < 16; i++) {
            int key = WriteGenerator.key(random);
            long called = log.stamp();
            byte[] value = store.get(KeySpace.bytes(key));
            long returned = log.stamp();
            log.add(Call.read(log.thread, called, returned, "get", KeySpace.alone(key), new byte[][] {value}));
        }
        workload.answered("gets", 16);
    }

    private void multiGet() {
        int[] keys = keys();
        List<byte[]> list = list(keys);
        long called = log.stamp();
        List<byte[]> values = store.multiGet(list);
        long returned = log.stamp();
        log.add(Call.read(log.thread, called, returned, "multiGet", keys, values.toArray(new byte[0][])));
        workload.answered("multi-gets", 1);
    }

    private static void complete(Checkpoint checkpoint) throws Exception {
        try {
            checkpoint.completion().get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreClosedException closed) {
                throw closed;
            }
            throw e;
        }
    }

    private int[] keys() {
        int[] keys = new int[1 + random.nextInt(8)];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = WriteGenerator.key(random);
        }
        return keys;
    }

    private static List<byte[]> list(int[] keys) {
        List<byte[]> list = new ArrayList<>();
        for (int key : keys) {
            list.add(KeySpace.bytes(key));
        }
        return list;
    }

    private void iterator() {
        Facts facts = new Facts();
        long called = log.stamp();
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            long returned = log.stamp();
            iterate(iterator, facts);
            log.add(facts.toRead(log.thread, called, returned, "iterator"));
        }
    }

    private void scan() {
        Facts facts = new Facts();
        long called = log.stamp();
        ScannedEntries entries = new ScannedEntries(store, KeyRange.all());
        long returned = log.stamp();
        facts.scan(entries, true);
        log.add(facts.toRead(log.thread, called, returned, "scan"));
        workload.answered("scans in one call", 1);
    }

    private void iterate(StoreIterator iterator, Facts facts) {
        int dice = random.nextInt(10);
        int moves = dice < 2 ? facts.scan(iterator, dice == 0) : facts.walk(iterator, random, 20);
        workload.answered("moves of iterators", moves);
    }

    /** Read for a while, now and then until another thread has closed it. */
    private void snapshot() {
        Facts facts = new Facts();
        long called = log.stamp();
        Snapshot snapshot = store.snapshot();
        long returned = log.stamp();
        if (random.nextInt(8) > 0) {
            try (snapshot) {
                readSnapshot(snapshot, facts);
            }
        } else {
            readUntilClosed(snapshot, facts);
        }
        log.add(facts.toRead(log.thread, called, returned, "snapshot"));
    }

    private void readUntilClosed(Snapshot snapshot, Facts facts) {
        Snapshot before = workload.exposed.getAndSet(snapshot);
        if (before != null) {
            before.close();
        }
        try {
            for (int i = 0; i < 200 && !workload.isOver(); i++) {
                readSnapshot(snapshot, facts);
            }
        } catch (StoreClosedException e) {
            workload.answered("reads that were told that their snapshot is closed", 1);
        } finally {
            workload.exposed.compareAndSet(snapshot, null);
            snapshot.close();
        }
    }

    private void readSnapshot(ReadView view, Facts facts) {
        for (int i = 0; i < 8; i++) {
            int key = WriteGenerator.key(random);
            facts.add(key, view.get(KeySpace.bytes(key)));
        }
        int[] keys = keys();
        List<byte[]> values = view.multiGet(list(keys));
        for (int i = 0; i < keys.length; i++) {
            facts.add(keys[i], values.get(i));
        }
        workload.answered("reads of snapshots", 9);
        if (random.nextInt(8) == 0) {
            try (StoreIterator iterator =
                    random.nextInt(4) == 0 ? new ScannedEntries(view, KeyRange.all()) : view.iterator(KeyRange.all())) {
                iterate(iterator, facts);
            }
        }
    }

    private void checkpoint() throws Exception {
        Facts facts = new Facts();
        long called = log.stamp();
        try (Checkpoint checkpoint = store.checkpoint(PAYLOAD)) {
            long returned = log.stamp();
            complete(checkpoint);
            FileStore copy = FileStores.inMemory();
            checkpoint.writeTo(copy);
            RestoreSource source = new RestoreSource(copy, checkpoint.metadata(), KeyRange.all());
            try (Environment other = Environment.builder().memoryBytes(4 << 20).build();
                    Store restored = other.restore(FileStores.inMemory(), workload.options, List.of(source), PAYLOAD);
                    StoreIterator iterator = restored.iterator(KeyRange.all())) {
                facts.scan(iterator, true);
            }
            log.add(facts.toRead(log.thread, called, returned, "checkpoint"));
        }
        workload.answered("checkpoints restored", 1);
    }
}
