package io.forebay.store.harness.metamorphic;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIterator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.VerificationReport;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ScannedEntries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Real stores with the options of one set. */
final class StoreSubject implements Subject {
    private record HeldSnapshot(SimulatedMachine.Place place, Snapshot snapshot) {}

    private record HeldIterator(SimulatedMachine.Place place, Cursor cursor) {}

    /** {@code exported} is null while the files are those of the store. */
    private record HeldCheckpoint(
            SimulatedMachine.Place place, Checkpoint checkpoint, byte[] metadata, CrashFileStore exported) {}

    private final SimulatedMachine machine;
    private final Reference reference;
    private final Drops.Rules rules;
    private final Map<String, HeldSnapshot> snapshots = new HashMap<>();
    private final Map<String, HeldIterator> iterators = new HashMap<>();
    private final Map<String, HeldCheckpoint> checkpoints = new HashMap<>();
    private final WriteBatch batch = new WriteBatch();
    private final ValueBuffer value = new ValueBuffer(0);
    private SimulatedMachine.Place place;

    /** @param reference follows the same operations; asked where droppable values are */
    StoreSubject(OptionSet options, Hooks hooks, Reference reference) {
        machine = new SimulatedMachine(options, hooks);
        this.reference = reference;
        rules = new Drops.Rules(options.filter(), machine::seconds);
        place = machine.create(History.FIRST_STORE);
    }

    @Override
    public String apply(Operation op) {
        try {
            String result = result(op);
            machine.betweenOperations();
            return result;
        } catch (RuntimeException | Error e) {
            return "threw " + e;
        }
    }

    /** Lets one piece of background work run, if there is one. */
    void step() {
        machine.step(1);
    }

    /** True while a piece of background work runs. */
    /** While true, a write within background work may be slowed down; it never waits for more memory here. */
    void allowPauses(boolean allowed) {
        machine.allowPauses(allowed);
    }

    boolean isWorking() {
        return machine.isWorking();
    }

    private String result(Operation op) {
        Store store = place.store;
        switch (op.verb()) {
            case PUT -> store.put(op.bytes(0), op.bytes(1));
            case MERGE -> store.merge(op.bytes(0), op.bytes(1));
            case DELETE -> store.delete(op.bytes(0));
            case DELRANGE -> store.deleteRange(op.bytes(0), op.bound(1));
            case DELPREFIX -> store.deletePrefix(op.bytes(0));
            case BATCH -> batch(op);
            case INGEST -> ingest(op, true);
            case ABANDON -> ingest(op, false);
            case FLUSH -> store.flush();
            case COMPACT -> store.compact();
            case VERIFY -> {
                VerificationReport report = store.verify();
                return report.isClean() ? OK : report.toString();
            }
            case STEP -> machine.step(op.count(0));
            case TICK -> machine.tick(op.count(0));
            case COMMIT -> {
                store.commit(op.bytes(0));
                place.commitPending = true;
            }
            case COMMITDURABLY -> {
                store.commitDurably(op.bytes(0));
                place.commitPending = false;
                if (!Arrays.equals(store.durablePayload(), op.bytes(0))) {
                    return "the durable payload is " + Words.word(store.durablePayload());
                }
            }
            case USE -> {
                SimulatedMachine.Place known = machine.places().get(op.name(0));
                place = known == null ? machine.create(op.name(0)) : known;
            }
            case DROP -> drop();
            case REOPEN -> {
                List<StoreIterator> orphans = forget(place);
                machine.reopen(place);
                return closed(orphans);
            }
            case CRASH -> crash();
            default -> {
                return read(op);
            }
        }
        return OK;
    }

    private String read(Operation op) {
        return switch (op.verb()) {
            case GET -> get(op);
            case MULTIGET -> multiGet(op);
            case SCAN -> scan(op);
            case ITER -> openIterator(op);
            case FIRST, LAST, SEEK, SEEKPREV -> {
                HeldIterator held = iterators.get(op.name(0));
                yield held == null ? NONE : held.cursor.move(op);
            }
            case NEXT, PREV -> {
                HeldIterator held = iterators.get(op.name(0));
                yield held == null ? NONE : held.cursor.steps(op.verb() == Verb.NEXT, op.count(1));
            }
            case SNAPSHOT -> {
                if (snapshots.containsKey(op.name(0))) {
                    yield NONE;
                }
                snapshots.put(op.name(0), new HeldSnapshot(place, place.store.snapshot()));
                yield OK;
            }
            case CLOSE -> closeNamed(op.name(0));
            case PAYLOAD -> Words.shown(place.store.committedPayload());
            case CHECKPOINT -> {
                if (checkpoints.containsKey(op.name(0))) {
                    yield NONE;
                }
                checkpoints.put(op.name(0), new HeldCheckpoint(place, place.store.checkpoint(op.bytes(1)), null, null));
                yield OK;
            }
            case EXPORT -> export(op.name(0));
            case RESTORE -> restore(op);
            default -> throw new IllegalArgumentException("Unknown: " + op);
        };
    }

    private void batch(Operation op) {
        batch.clear();
        for (Operation one : op.inner()) {
            switch (one.verb()) {
                case PUT -> batch.put(one.bytes(0), one.bytes(1));
                case MERGE -> batch.merge(one.bytes(0), one.bytes(1));
                case DELETE -> batch.delete(one.bytes(0));
                case DELRANGE -> batch.deleteRange(one.bytes(0), one.bound(1));
                case DELPREFIX -> batch.deletePrefix(one.bytes(0));
                default -> throw new IllegalArgumentException("Not a write: " + one);
            }
        }
        place.store.write(batch);
    }

    private void ingest(Operation op, boolean finish) {
        TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        op.inner().forEach(entry -> entries.put(entry.bytes(0), entry.bytes(1)));
        try (SortedIngest ingest = place.store.ingest()) {
            entries.forEach(ingest::add);
            if (finish) {
                ingest.finish();
            }
        }
    }

    private Watch watch(Drops drops) {
        return new Watch(drops, rules, reference::snapshotDrops);
    }

    /** Null when there is none of that name. */
    private ReadView source(String name) {
        if (name.equals(Words.NOW)) {
            return place.store;
        }
        HeldSnapshot held = snapshots.get(name);
        return held == null ? null : held.snapshot;
    }

    private String get(Operation op) {
        ReadView view = source(op.name(0));
        if (view == null) {
            return NONE;
        }
        byte[] key = op.bytes(1);
        byte[] raw = view.get(key);
        watch(reference.drops(op.name(0))).found(key, raw);
        byte[] found = Droppable.lasting(raw);
        byte[] padded = new byte[key.length + 2];
        System.arraycopy(key, 0, padded, 1, key.length);
        byte[] again = view.get(padded, 1, key.length, value) ? value.toByteArray() : null;
        watch(reference.drops(op.name(0))).found(key, again);
        byte[] copied = Droppable.lasting(again);
        return Arrays.equals(found, copied)
                ? ScanLine.value(found)
                : "two answers: " + ScanLine.value(found) + " and " + ScanLine.value(copied);
    }

    private String multiGet(Operation op) {
        ReadView view = source(op.name(0));
        if (view == null) {
            return NONE;
        }
        List<byte[]> keys = new ArrayList<>();
        for (int i = 1; i < op.words().size(); i++) {
            keys.add(op.bytes(i));
        }
        ScanLine results = new ScanLine();
        List<byte[]> values = view.multiGet(keys);
        Watch watch = watch(reference.drops(op.name(0)));
        for (int i = 0; i < values.size(); i++) {
            watch.found(keys.get(i), values.get(i));
            results.add(ScanLine.value(Droppable.lasting(values.get(i))));
        }
        return results.toString();
    }

    private String scan(Operation op) {
        ReadView view = source(op.name(0));
        if (view == null) {
            return NONE;
        }
        KeyRange range = op.range(1);
        boolean reverse = op.reverse(2);
        boolean inOneCall = !reverse && range.from().length % 4 == 2;
        try (StoreIterator iterator = inOneCall ? new ScannedEntries(view, range) : view.iterator(range)) {
            return new Cursor(iterator, range, () -> watch(reference.drops(op.name(0)))).scan(reverse);
        }
    }

    private String openIterator(Operation op) {
        ReadView view = source(op.name(1));
        if (view == null || iterators.containsKey(op.name(0))) {
            return NONE;
        }
        String name = op.name(0);
        Cursor cursor = new Cursor(view.iterator(op.range(2)), op.range(2), () -> watch(reference.iteratorDrops(name)));
        SimulatedMachine.Place owner = view == place.store ? place : snapshots.get(op.name(1)).place;
        iterators.put(op.name(0), new HeldIterator(owner, cursor));
        return OK;
    }

    private String closeNamed(String name) {
        HeldSnapshot snapshot = snapshots.remove(name);
        HeldIterator iterator = iterators.remove(name);
        HeldCheckpoint checkpoint = checkpoints.remove(name);
        if (snapshot != null) {
            snapshot.snapshot.close();
        }
        if (iterator != null) {
            iterator.cursor.iterator().close();
        }
        if (checkpoint != null && checkpoint.exported == null) {
            checkpoint.checkpoint.close();
        }
        return snapshot == null && iterator == null && checkpoint == null ? NONE : OK;
    }

    private String export(String name) {
        HeldCheckpoint held = checkpoints.get(name);
        if (held == null || held.exported != null) {
            return NONE;
        }
        complete(held.checkpoint);
        CrashFileStore directory = machine.directory();
        held.checkpoint.writeTo(machine.visible(directory));
        byte[] metadata = held.checkpoint.metadata();
        held.checkpoint.close();
        checkpoints.put(name, new HeldCheckpoint(held.place, null, metadata, directory));
        return OK;
    }

    private void complete(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            machine.help();
        }
        checkpoint.completion().join();
    }

    private String restore(Operation op) {
        if (machine.places().containsKey(op.name(0))) {
            return NONE;
        }
        List<RestoreSource> sources = new ArrayList<>();
        for (int i = 2; i < op.words().size(); i += 2) {
            HeldCheckpoint held = checkpoints.get(op.name(i));
            if (held == null) {
                return NONE;
            }
            byte[] metadata = held.metadata;
            if (held.exported == null) {
                complete(held.checkpoint);
                metadata = held.checkpoint.metadata();
            }
            FileStore files = machine.visible(held.exported == null ? held.place.files : held.exported);
            sources.add(new RestoreSource(files, metadata, op.range(i + 1)));
        }
        try {
            place = machine.restore(op.name(0), sources, op.bytes(1));
        } catch (IllegalArgumentException e) {
            return REFUSED;
        }
        return OK;
    }

    private void drop() {
        List<StoreIterator> orphans = forget(place);
        machine.drop(place);
        closed(orphans);
        SimulatedMachine.Place first = machine.places().get(History.FIRST_STORE);
        place = first == null ? machine.create(History.FIRST_STORE) : first;
    }

    private void crash() {
        for (SimulatedMachine.Place each : machine.places().values()) {
            if (each.commitPending) {
                each.store.commitDurably(each.store.committedPayload());
            }
            if (machine.logIsBuffered()) {
                each.store.sync();
            }
        }
        machine.places().values().forEach(each -> forget(each).forEach(StoreIterator::close));
        machine.crash();
    }

    /** Forgets what depends on a store that ends. @return its iterators, which are still open */
    private List<StoreIterator> forget(SimulatedMachine.Place ending) {
        List<StoreIterator> orphans = new ArrayList<>();
        snapshots.values().removeIf(held -> held.place == ending);
        iterators.values().removeIf(held -> held.place == ending && orphans.add(held.cursor.iterator()));
        checkpoints.values().removeIf(held -> held.place == ending && held.exported == null);
        return orphans;
    }

    /** Iterators of a store that is closed have nothing to say any more. */
    private static String closed(List<StoreIterator> orphans) {
        for (StoreIterator orphan : orphans) {
            try {
                orphan.seekToFirst();
                return "an iterator outlived its store";
            } catch (StoreClosedException expected) {
                orphan.close();
            }
        }
        return OK;
    }

    @Override
    public void close() {
        iterators.values().forEach(held -> held.cursor.iterator().close());
        snapshots.values().forEach(held -> held.snapshot.close());
        machine.close();
    }
}
