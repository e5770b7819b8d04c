package io.forebay.store.harness.metamorphic;

import io.forebay.store.KeyRange;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** What every subject should answer: sorted maps that are copied where a store keeps versions. */
final class Reference implements Subject {
    private record Commit(byte[] payload, NavigableMap<byte[], byte[]> state, Drops drops) {}

    private static final class Store {
        NavigableMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
        Drops drops = new Drops();
        Commit last = new Commit(new byte[0], new TreeMap<>(Arrays::compareUnsigned), new Drops());
        Commit durable = last;

        void commit(byte[] payload) {
            last = new Commit(payload, copy(map), drops.copy());
        }

        void returnTo(Commit commit) {
            last = commit;
            durable = commit;
            map = copy(commit.state);
            drops = commit.drops.copy();
        }
    }

    private record Snapshot(Store store, NavigableMap<byte[], byte[]> state, Drops drops) {}

    private static final class Iterator {
        final Store store;
        final NavigableMap<byte[], byte[]> visible;
        final Drops drops;
        Map.Entry<byte[], byte[]> at;

        Iterator(Store store, NavigableMap<byte[], byte[]> visible, Drops drops) {
            this.store = store;
            this.visible = visible;
            this.drops = drops;
        }
    }

    private record Checkpoint(Store store, NavigableMap<byte[], byte[]> state, Drops drops, boolean exported) {}

    private final Map<String, Store> stores = new HashMap<>();
    private final Map<String, Snapshot> snapshots = new HashMap<>();
    private final Map<String, Iterator> iterators = new HashMap<>();
    private final Map<String, Checkpoint> checkpoints = new HashMap<>();
    private Store store = new Store();
    private final boolean keepsWrites;

    /** @param keepsWrites whether a store comes back with all its writes: it has a log */
    Reference(boolean keepsWrites) {
        this.keepsWrites = keepsWrites;
        stores.put(History.FIRST_STORE, store);
    }

    @Override
    public String apply(Operation op) {
        return switch (op.verb()) {
            case PUT, MERGE, DELETE, DELRANGE, DELPREFIX -> {
                write(op);
                yield OK;
            }
            case BATCH -> {
                op.inner().forEach(this::write);
                yield OK;
            }
            case INGEST -> ingest(op);
            case ABANDON, FLUSH, COMPACT, VERIFY, STEP, TICK -> OK;
            case GET -> onState(op.name(0), state -> ScanLine.value(state.get(op.bytes(1))));
            case MULTIGET -> onState(op.name(0), state -> multiGet(state, op));
            case SCAN -> onState(op.name(0), state -> scan(state, op));
            case ITER -> openIterator(op);
            case FIRST -> move(op, it -> it.visible.firstEntry());
            case LAST -> move(op, it -> it.visible.lastEntry());
            case SEEK -> move(op, it -> it.visible.ceilingEntry(op.bytes(1)));
            case SEEKPREV -> move(op, it -> it.visible.floorEntry(op.bytes(1)));
            case NEXT, PREV -> steps(op);
            case SNAPSHOT ->
                snapshots.putIfAbsent(op.name(0), new Snapshot(store, copy(store.map), store.drops.copy())) == null
                        ? OK
                        : NONE;
            case CLOSE -> closeNamed(op.name(0));
            case COMMIT -> {
                store.commit(op.bytes(0));
                yield OK;
            }
            case COMMITDURABLY -> {
                store.commit(op.bytes(0));
                store.durable = store.last;
                yield OK;
            }
            case PAYLOAD -> Words.shown(store.last.payload);
            case CHECKPOINT ->
                checkpoints.putIfAbsent(
                                        op.name(0),
                                        new Checkpoint(store, copy(store.map), store.drops.checkpoint(), false))
                                == null
                        ? OK
                        : NONE;
            case EXPORT -> export(op.name(0));
            case RESTORE -> restore(op);
            case USE -> {
                store = stores.computeIfAbsent(op.name(0), name -> new Store());
                yield OK;
            }
            case DROP -> drop();
            case REOPEN -> {
                goBack(store, store.last);
                yield OK;
            }
            case CRASH -> {
                crash();
                yield OK;
            }
        };
    }

    /** Does what changes anything; what is read nobody wants to know. */
    void follow(Operation op) {
        switch (op.verb()) {
            case GET, MULTIGET, SCAN, FIRST, LAST, SEEK, SEEKPREV, NEXT, PREV, PAYLOAD -> {}
            default -> apply(op);
        }
    }

    private void write(Operation op) {
        switch (op.verb()) {
            case PUT -> put(op.bytes(0), op.bytes(1));
            case MERGE -> store.map.merge(op.bytes(0), op.bytes(1), Reference::joined);
            case DELETE -> {
                store.map.remove(op.bytes(0));
                store.drops.delete(op.bytes(0));
            }
            case DELRANGE -> deleteRange(KeyRange.of(op.bytes(0), op.bound(1)));
            case DELPREFIX -> deleteRange(KeyRange.prefix(op.bytes(0)));
            default -> throw new IllegalArgumentException("Not a write: " + op);
        }
    }

    private void deleteRange(KeyRange range) {
        if (!range.isEmpty()) {
            in(store.map, range).clear();
            store.drops.deleteRange(range.from(), range.to());
        }
    }

    private void put(byte[] key, byte[] value) {
        store.drops.put(key, value);
        byte[] lasting = Droppable.lasting(value);
        if (lasting == null) {
            store.map.remove(key);
        } else {
            store.map.put(key, lasting);
        }
    }

    private String ingest(Operation op) {
        op.inner().forEach(entry -> put(entry.bytes(0), entry.bytes(1)));
        return OK;
    }

    /** What may be dropped in the store in use; null for the state of a snapshot that there is not. */
    Drops drops(String source) {
        if (source.equals(Words.NOW)) {
            return store.drops;
        }
        Snapshot snapshot = snapshots.get(source);
        return snapshot == null ? null : snapshot.drops;
    }

    /** As an iterator sees it. */
    Drops iteratorDrops(String name) {
        return iterators.get(name).drops;
    }

    /** Those of all snapshots that are open. */
    List<Drops> snapshotDrops() {
        return snapshots.values().stream().map(Snapshot::drops).toList();
    }

    private interface Read {
        String from(NavigableMap<byte[], byte[]> state);
    }

    private String onState(String source, Read read) {
        if (source.equals(Words.NOW)) {
            return read.from(store.map);
        }
        Snapshot snapshot = snapshots.get(source);
        return snapshot == null ? NONE : read.from(snapshot.state);
    }

    private static String multiGet(NavigableMap<byte[], byte[]> state, Operation op) {
        ScanLine results = new ScanLine();
        for (int i = 1; i < op.words().size(); i++) {
            results.add(ScanLine.value(state.get(op.bytes(i))));
        }
        return results.toString();
    }

    private static String scan(NavigableMap<byte[], byte[]> state, Operation op) {
        NavigableMap<byte[], byte[]> part = in(state, op.range(1));
        ScanLine results = new ScanLine();
        (op.reverse(2) ? part.descendingMap() : part).forEach((key, value) -> results.add(ScanLine.entry(key, value)));
        return results.toString();
    }

    private String openIterator(Operation op) {
        return iterators.containsKey(op.name(0))
                ? NONE
                : onState(op.name(1), state -> {
                    Snapshot snapshot = snapshots.get(op.name(1));
                    Store owner = snapshot == null ? store : snapshot.store;
                    Drops drops = snapshot == null ? store.drops : snapshot.drops;
                    iterators.put(op.name(0), new Iterator(owner, copy(in(state, op.range(2))), drops.iterator()));
                    return OK;
                });
    }

    private interface Move {
        Map.Entry<byte[], byte[]> of(Iterator iterator);
    }

    private String move(Operation op, Move move) {
        Iterator iterator = iterators.get(op.name(0));
        if (iterator == null) {
            return NONE;
        }
        iterator.at = move.of(iterator);
        return shown(iterator);
    }

    private String steps(Operation op) {
        Iterator iterator = iterators.get(op.name(0));
        if (iterator == null) {
            return NONE;
        }
        if (iterator.at == null) {
            return NOT_VALID;
        }
        ScanLine results = new ScanLine();
        for (int i = op.count(1); i > 0 && iterator.at != null; i--) {
            byte[] key = iterator.at.getKey();
            iterator.at = op.verb() == Verb.NEXT ? iterator.visible.higherEntry(key) : iterator.visible.lowerEntry(key);
            results.add(shown(iterator));
        }
        return results.toString();
    }

    private static String shown(Iterator iterator) {
        return iterator.at == null ? END : ScanLine.entry(iterator.at.getKey(), iterator.at.getValue());
    }

    private String closeNamed(String name) {
        boolean closed = snapshots.remove(name) != null;
        closed |= iterators.remove(name) != null;
        closed |= checkpoints.remove(name) != null;
        return closed ? OK : NONE;
    }

    private String export(String name) {
        Checkpoint checkpoint = checkpoints.get(name);
        if (checkpoint == null || checkpoint.exported) {
            return NONE;
        }
        checkpoints.put(name, new Checkpoint(checkpoint.store, checkpoint.state, checkpoint.drops, true));
        return OK;
    }

    private String restore(Operation op) {
        if (stores.containsKey(op.name(0))) {
            return NONE;
        }
        Store restored = new Store();
        List<String> words = op.words();
        KeyRange[] clips = new KeyRange[(words.size() - 2) / 2];
        for (int i = 0; i < clips.length; i++) {
            Checkpoint checkpoint = checkpoints.get(words.get(2 + 2 * i));
            if (checkpoint == null) {
                return NONE;
            }
            clips[i] = op.range(3 + 2 * i);
            restored.map.putAll(in(checkpoint.state, clips[i]));
            restored.drops.addAll(checkpoint.drops.checkpoint(), clips[i].from(), clips[i].to());
        }
        for (int i = 0; i < clips.length; i++) {
            for (int j = 0; j < i; j++) {
                if (clips[i].overlaps(clips[j])) {
                    return REFUSED;
                }
            }
        }
        restored.commit(op.bytes(1));
        restored.durable = restored.last;
        stores.put(op.name(0), restored);
        store = restored;
        return OK;
    }

    private String drop() {
        forgetHeld(store);
        stores.values().remove(store);
        store = stores.computeIfAbsent(History.FIRST_STORE, name -> new Store());
        return OK;
    }

    private void crash() {
        for (Store each : stores.values()) {
            if (each.last != each.durable) {
                each.commit(each.last.payload);
                each.durable = each.last;
            }
            goBack(each, each.durable);
        }
    }

    private void goBack(Store which, Commit commit) {
        forgetHeld(which);
        if (!keepsWrites) {
            which.returnTo(commit);
        }
    }

    private void forgetHeld(Store which) {
        snapshots.values().removeIf(snapshot -> snapshot.store == which);
        iterators.values().removeIf(iterator -> iterator.store == which);
        checkpoints.values().removeIf(checkpoint -> checkpoint.store == which && !checkpoint.exported);
    }

    @Override
    public void close() {}

    private static NavigableMap<byte[], byte[]> in(NavigableMap<byte[], byte[]> map, KeyRange range) {
        if (range.isEmpty()) {
            return new TreeMap<>(Arrays::compareUnsigned);
        }
        return range.to() == null ? map.tailMap(range.from(), true) : map.subMap(range.from(), true, range.to(), false);
    }

    private static NavigableMap<byte[], byte[]> copy(NavigableMap<byte[], byte[]> map) {
        return new TreeMap<>(map);
    }

    private static byte[] joined(byte[] old, byte[] operand) {
        byte[] merged = Arrays.copyOf(old, old.length + 1 + operand.length);
        merged[old.length] = ',';
        System.arraycopy(operand, 0, merged, old.length + 1, operand.length);
        return merged;
    }
}
