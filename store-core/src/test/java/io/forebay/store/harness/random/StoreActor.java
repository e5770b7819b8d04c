package io.forebay.store.harness.random;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.EntryBatch;
import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.TestLimits;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.SteppedExecutor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Does random things to one store and to a {@link Model} of it, and compares. One thread; background work is stepped. */
final class StoreActor implements AutoCloseable {
    /** A commit and the state it stands for. */
    private record Commit(String payload, Model state) {}

    /** Something open that must keep seeing the state of its beginning. */
    private record Held(AutoCloseable view, Model state) {}

    private final Random random;
    private final StoreOptions options;
    private final RandomKeys keys;
    private final ManualClock clock = new ManualClock();
    private final List<Commit> commits = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final long memory;
    private final long tombstoneBytes;
    private SteppedExecutor executor;
    private HeapSlabs memorySlabs;
    private Environment environment;
    private CrashFileStore files = new CrashFileStore();
    private Store store;
    private Model model = new Model();
    private int acknowledged;
    private int number;
    private String last = "open";

    StoreActor(Random random, StoreOptions options) {
        this.random = random;
        this.options = options;
        keys = new RandomKeys(random);
        memory = 1L << 20 << random.nextInt(4);
        tombstoneBytes = random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(600);
        commits.add(new Commit("", new Model()));
        open();
    }

    /** One random operation. */
    void act() {
        number++;
        int dice = random.nextInt(1000);
        if (dice < 330) {
            write();
        } else if (dice < 400) {
            deletes();
        } else if (dice < 440) {
            batch();
        } else if (dice < 600) {
            read();
        } else if (dice < 700) {
            scan();
        } else if (dice < 740) {
            hold();
        } else if (dice < 770) {
            checkHeld();
        } else if (dice < 840) {
            commit();
        } else if (dice < 960) {
            background();
        } else if (dice < 968) {
            ingest();
        } else if (dice < 976) {
            last = "flush";
            store.flush();
        } else if (dice < 980) {
            last = "compact";
            store.compact();
        } else if (dice < 988) {
            rescale();
        } else if (dice < 994) {
            reopen();
        } else {
            crash();
        }
    }

    /** Compares everything, and checks that nothing is left over. */
    void finish() {
        checkAll();
        byte[] payload = nextPayload();
        store.commitDurably(payload);
        commits.add(new Commit(new String(payload, StandardCharsets.UTF_8), model.copy()));
        acknowledged = commits.size() - 1;
        store.compact();
        executor.drain();
        checkAll();
        reopen();
        executor.drain();
        assertThat(files.list().stream().filter(name -> name.endsWith(".sst")))
                .as("%s: files in the directory", where())
                .hasSize(store.statistics().liveFiles());
        assertThat(files.list().stream()
                        .filter(name -> name.endsWith(".val"))
                        .mapToLong(files::size)
                        .sum())
                .as("%s: bytes of value files in the directory", where())
                .isEqualTo(store.statistics().valueFileBytes());
    }

    @Override
    public void close() {
        closeHeld();
        environment.close();
        assertThat(files.openReaders()).as("files left open").isZero();
        assertThat(memorySlabs.outstanding()).as("memory left").isZero();
    }

    private void open() {
        executor = new SteppedExecutor(clock);
        memorySlabs = new HeapSlabs();
        environment = TestLimits.tombstoneBytes(Environment.builder(), tombstoneBytes)
                .memoryBytes(memory)
                .clock(clock)
                .executor(executor)
                .allocator(memorySlabs)
                .random(random::nextLong)
                .build();
        store = environment.open(files, options);
    }

    private void write() {
        byte[] key = keys.key();
        byte[] value = keys.value();
        if (random.nextInt(4) == 0) {
            last = "merge " + Model.hex(key);
            store.merge(key, value);
            model.merge(key, value);
        } else {
            last = "put " + Model.hex(key);
            store.put(key, value);
            model.put(key, value);
        }
        checkKey(key);
    }

    private void deletes() {
        int dice = random.nextInt(10);
        if (dice < 6) {
            byte[] key = keys.key();
            last = "delete " + Model.hex(key);
            store.delete(key);
            model.delete(key);
        } else if (dice < 8) {
            KeyRange range = keys.range();
            last = "deleteRange " + range;
            store.deleteRange(range.from(), range.to());
            model.deleteRange(range.from(), range.to());
        } else {
            byte[] prefix = keys.prefix();
            last = "deletePrefix " + Model.hex(prefix);
            store.deletePrefix(prefix);
            model.deleteRange(prefix, KeyRange.prefixEnd(prefix));
        }
    }

    private void batch() {
        last = "batch";
        WriteBatch batch = new WriteBatch();
        int count = random.nextInt(random.nextInt(10) == 0 ? 300 : 12);
        for (int i = 0; i < count; i++) {
            byte[] key = keys.key();
            byte[] value = keys.value();
            switch (random.nextInt(8)) {
                case 0 -> {
                    batch.delete(key);
                    model.delete(key);
                }
                case 1 -> {
                    batch.merge(key, value);
                    model.merge(key, value);
                }
                case 2 -> {
                    KeyRange range = keys.range();
                    batch.deleteRange(range.from(), range.to());
                    model.deleteRange(range.from(), range.to());
                }
                default -> {
                    batch.put(key, value);
                    model.put(key, value);
                }
            }
        }
        store.write(batch);
    }

    private void read() {
        last = "get";
        if (random.nextInt(4) > 0) {
            checkKey(keys.key());
            return;
        }
        List<byte[]> wanted = new ArrayList<>();
        for (int i = random.nextInt(10); i > 0; i--) {
            wanted.add(keys.key());
        }
        List<byte[]> found = store.multiGet(wanted);
        for (int i = 0; i < wanted.size(); i++) {
            assertThat(Model.hex(found.get(i)))
                    .as("%s: multiGet of %s", where(), Model.hex(wanted.get(i)))
                    .isEqualTo(Model.hex(model.get(wanted.get(i))));
        }
    }

    private void checkKey(byte[] key) {
        ValueBuffer buffer = new ValueBuffer();
        boolean found = store.get(key, 0, key.length, buffer);
        assertThat(found ? Model.hex(buffer.toByteArray()) : "none")
                .as("%s: get of %s", where(), Model.hex(key))
                .isEqualTo(Model.hex(model.get(key)));
    }

    private void scan() {
        KeyRange range = keys.range();
        last = "scan of " + range;
        int dice = random.nextInt(4);
        if (dice == 0) {
            scanInParts(range);
        } else if (dice == 1) {
            model.assertSame(store, range, where());
        } else {
            try (StoreIterator iterator = store.iterator(range)) {
                new IteratorWalk(random, keys, model.in(range), iterator, where()).walk(20);
            }
        }
    }

    /** In batches of any size, with values and without, each from where the last one ended. */
    private void scanInParts(KeyRange range) {
        EntryBatch batch = random.nextBoolean()
                ? EntryBatch.of(1 + random.nextInt(20), 1 + random.nextInt(2000))
                : EntryBatch.ofKeys(1 + random.nextInt(20), 1 + random.nextInt(100));
        Iterator<Map.Entry<byte[], byte[]>> expected =
                model.in(range).entrySet().iterator();
        byte[] from = range.from();
        do {
            store.scan(KeyRange.of(from, range.to()), batch);
            for (int i = 0; i < batch.size(); i++) {
                assertThat(expected.hasNext()).as("%s: an entry more", where()).isTrue();
                Map.Entry<byte[], byte[]> entry = expected.next();
                assertThat(Model.hex(batch.key(i))).as(where()).isEqualTo(Model.hex(entry.getKey()));
                assertThat(Model.hex(batch.value(i)))
                        .as("%s: value of %s", where(), Model.hex(entry.getKey()))
                        .isEqualTo(batch.hasValues() ? Model.hex(entry.getValue()) : "");
            }
            from = batch.size() == 0
                    ? from
                    : Arrays.copyOf(batch.key(batch.size() - 1), batch.keyLength(batch.size() - 1) + 1);
        } while (batch.isFull());
        assertThat(expected.hasNext()).as("%s: an entry less", where()).isFalse();
    }

    private void hold() {
        last = "hold";
        if (held.size() > 6) {
            checkHeld();
        } else if (random.nextInt(3) == 0 && heldIterators() < memory >> 22) {
            // each may hold many memtables, and they share the budget
            held.add(new Held(store.iterator(KeyRange.all()), model.copy()));
        } else if (random.nextInt(2) == 0) {
            held.add(new Held(store.checkpoint(nextPayload()), model.copy()));
        } else {
            held.add(new Held(store.snapshot(), model.copy()));
        }
    }

    private long heldIterators() {
        return held.stream().filter(one -> one.view instanceof StoreIterator).count();
    }

    private void checkHeld() {
        if (held.isEmpty()) {
            return;
        }
        last = "look at what is held";
        int index = random.nextInt(held.size());
        Held chosen = held.get(index);
        if (chosen.view instanceof Snapshot snapshot) {
            chosen.state.assertSame(snapshot, keys.range(), where() + ", snapshot");
            byte[] key = keys.key();
            assertThat(Model.hex(snapshot.get(key)))
                    .as("%s: get of %s from a snapshot", where(), Model.hex(key))
                    .isEqualTo(Model.hex(chosen.state.get(key)));
        } else if (chosen.view instanceof StoreIterator iterator) {
            new IteratorWalk(random, keys, chosen.state.map(), iterator, where() + ", old iterator").walk(20);
        } else if (chosen.view instanceof Checkpoint checkpoint) {
            restoreAndCompare(checkpoint, chosen.state);
        }
        if (random.nextBoolean()) {
            held.remove(index);
            close(chosen.view);
        }
    }

    private void commit() {
        String payload = random.nextInt(6) == 0 ? payload() : new String(nextPayload(), StandardCharsets.UTF_8);
        boolean durably = random.nextInt(8) == 0;
        last = durably ? "commitDurably" : "commit";
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        commits.add(new Commit(payload, model.copy()));
        if (durably) {
            store.commitDurably(bytes);
            acknowledged = commits.size() - 1;
            assertThat(store.durablePayload()).isEqualTo(bytes);
        } else {
            store.commit(bytes);
        }
        assertThat(store.committedPayload()).isEqualTo(bytes);
    }

    private void background() {
        last = "background";
        if (random.nextInt(20) == 0) {
            clock.advance(40_000_000_000L);
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            executor.step();
        }
    }

    private void ingest() {
        last = "ingest";
        TreeMap<byte[], byte[]> entries = new TreeMap<>(java.util.Arrays::compareUnsigned);
        KeyRange range = keys.range();
        for (int i = random.nextInt(60); i > 0; i--) {
            byte[] key = keys.key();
            if (range.contains(key)) {
                entries.put(key, keys.value());
            }
        }
        boolean finish = random.nextInt(5) > 0;
        try (SortedIngest ingest = store.ingest()) {
            entries.forEach(ingest::add);
            if (finish) {
                ingest.finish();
                entries.forEach(model::put);
            }
        }
        checkAll();
    }

    private void rescale() {
        last = "rescale";
        try (Checkpoint checkpoint = store.checkpoint(nextPayload())) {
            restoreAndCompare(checkpoint, model);
        }
    }

    /** Splits a checkpoint over up to three stores, checks each part, and joins the parts again. */
    private void restoreAndCompare(Checkpoint checkpoint, Model state) {
        while (!checkpoint.completion().isDone()) {
            executor.help();
        }
        new Rescale(random, keys, environment, executor, options).splitAndJoin(checkpoint, files, state, where());
    }

    private void reopen() {
        last = "reopen";
        closeHeld();
        if (random.nextBoolean()) {
            store.close();
            store = environment.open(files, options);
        } else {
            environment.close();
            open();
        }
        acknowledged = commits.size() - 1;
        returnTo(acknowledged);
    }

    private void crash() {
        last = "crash";
        held.clear();
        CrashFileStore left = files.afterCrash(random);
        files = left;
        open();
        String payload = new String(store.durablePayload(), StandardCharsets.UTF_8);
        int at = commits.size() - 1;
        while (at > acknowledged && !(commits.get(at).payload.equals(payload) && same(commits.get(at).state))) {
            at--;
        }
        assertThat(payload).as("%s: payload after crash", where()).isEqualTo(commits.get(at).payload);
        returnTo(at);
    }

    /** The store was opened and should be at the given commit. */
    private void returnTo(int index) {
        while (commits.size() > index + 1) {
            commits.remove(commits.size() - 1);
        }
        acknowledged = index;
        model = commits.get(index).state.copy();
        assertThat(payload()).isEqualTo(new String(store.committedPayload(), StandardCharsets.UTF_8));
        checkAll();
    }

    private boolean same(Model state) {
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            for (Map.Entry<byte[], byte[]> entry : state.map().entrySet()) {
                if (!iterator.isValid()
                        || !java.util.Arrays.equals(iterator.key(), entry.getKey())
                        || !java.util.Arrays.equals(iterator.value(), entry.getValue())) {
                    return false;
                }
                iterator.next();
            }
            return !iterator.isValid();
        }
    }

    private void checkAll() {
        model.assertSame(store, KeyRange.all(), where());
        assertThat(environment.statistics().memoryPeak())
                .as("%s: peak memory", where())
                .isLessThanOrEqualTo(memory);
    }

    private void closeHeld() {
        held.forEach(view -> close(view.view));
        held.clear();
    }

    private static void close(AutoCloseable view) {
        try {
            view.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private String payload() {
        return commits.get(commits.size() - 1).payload;
    }

    private byte[] nextPayload() {
        return ("at " + number).getBytes(StandardCharsets.UTF_8);
    }

    private String where() {
        return "operation " + number + " (" + last + ")";
    }
}
