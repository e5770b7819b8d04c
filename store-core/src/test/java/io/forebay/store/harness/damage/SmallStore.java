package io.forebay.store.harness.damage;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * The files of a closed store of a few kilobytes that has everything in it: several data blocks in several runs, filters,
 * range deletes, deletes, merge operands with and without a base, and a manifest with an edit for each of it.
 */
final class SmallStore {
    /** What a reopen finds that comes to this commit. */
    record State(byte[] payload, Model model) {}

    private static final int KEYS = 24;
    private static final long WAL_BYTES = 1 << 20;

    private final Supplier<StoreOptions.Builder> options;
    private final Map<String, byte[]> files = new TreeMap<>();
    private final Map<String, byte[]> checkpoint = new TreeMap<>();
    private final List<State> states = new ArrayList<>();
    private final List<byte[]> keys = new ArrayList<>();
    private final Model model = new Model();
    private byte[] payload = new byte[0];
    private Model checkpointed;
    private boolean logged;

    private SmallStore(Supplier<StoreOptions.Builder> options) {
        this.options = options;
        keys.add(new byte[0]);
        for (int i = 0; i < KEYS; i++) {
            keys.add(key(i));
        }
        keys.add(bytes("absent"));
        keys.add(bytes("key/07/"));
        keys.add(bytes("zzz"));
    }

    /** @param variant options on top of those that a small store needs: compression, encryption, durability */
    static SmallStore make(UnaryOperator<StoreOptions.Builder> variant) {
        SmallStore made = new SmallStore(() -> variant.apply(plain()));
        MemoryFileStore directory = new MemoryFileStore();
        try (SteppedEnvironment environment = new SteppedEnvironment();
                Store store = environment.open(directory, made.options())) {
            made.states.add(new State(new byte[0], new Model()));
            made.fill(store, environment);
        }
        made.files.putAll(read(directory));
        return made;
    }

    /** As {@link #make}, with a write-ahead log, and as a killed process leaves it: with writes behind the last commit. */
    static SmallStore makeLogged(UnaryOperator<StoreOptions.Builder> variant) {
        SmallStore made = new SmallStore(
                () -> variant.apply(plain().durability(Durability.SYNCED).walBytes(WAL_BYTES)));
        made.logged = true;
        MemoryFileStore directory = new MemoryFileStore();
        try (SteppedEnvironment environment = new SteppedEnvironment();
                Store store = environment.open(directory, made.options())) {
            made.states.add(new State(new byte[0], new Model()));
            made.fill(store, environment);
            made.put(store, 1, "behind the last commit");
            made.merge(store, 15, "logged");
            made.deleteRange(store, key(4), key(7));
            made.delete(store, 0);
            made.put(store, 23, "the last write");
            made.files.putAll(read(directory));
        }
        return made;
    }

    private static StoreOptions.Builder plain() {
        return StoreOptions.builder()
                .name("small")
                .memtableBytes(64 << 10)
                .blockBytes(256)
                .bloomBitsPerKey(10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    private void fill(Store store, SteppedEnvironment environment) {
        for (int i = 0; i < KEYS; i++) {
            put(store, i, "a value of the first commit, " + i);
        }
        merge(store, 5, "operand");
        commit(store, "first");
        store.compact();
        environment.executor.drain();
        // No background work from here on but what commits wait for: the runs stay as they are.
        delete(store, 3);
        deleteRange(store, key(8), key(13));
        put(store, 10, "above the range delete");
        merge(store, 15, "an operand above a flushed base");
        merge(store, 8, "an operand above a range delete");
        commit(store, "second");
        try (Checkpoint taken = store.checkpoint(bytes("payload of the checkpoint"))) {
            while (!taken.completion().isDone()) {
                environment.executor.step();
            }
            MemoryFileStore directory = new MemoryFileStore();
            taken.writeTo(directory);
            checkpoint.putAll(read(directory));
        }
        put(store, 3, "again");
        deleteRange(store, key(20), null);
        put(store, 22, "x");
        commit(store, "third");
    }

    StoreOptions.Builder options() {
        return options.get();
    }

    /** Names and bytes of what a close leaves. */
    Map<String, byte[]> files() {
        return files;
    }

    /** Names and bytes of a checkpoint at the second of three commits, the metadata under the name that it has there. */
    Map<String, byte[]> checkpoint() {
        return checkpoint;
    }

    /** What the checkpoint holds. */
    State checkpointState() {
        return new State(bytes("payload of the checkpoint"), checkpointed);
    }

    /** After every commit, or with a log every write, oldest first; the first one is that of a new store. */
    List<State> states() {
        return states;
    }

    /** All that were ever written, and some others. */
    List<byte[]> keys() {
        return keys;
    }

    /** A directory with these files, of which one has other bytes; null for no such file. */
    static MemoryFileStore directory(Map<String, byte[]> files, String name, byte[] damaged) {
        MemoryFileStore directory = new MemoryFileStore();
        try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                byte[] content = file.getKey().equals(name) ? damaged : file.getValue();
                if (content != null) {
                    directory.putIfAbsent(file.getKey(), content);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return directory;
    }

    private static Map<String, byte[]> read(MemoryFileStore directory) {
        Map<String, byte[]> files = new TreeMap<>();
        for (String name : directory.list()) {
            try (ReadableFile file = directory.open(name)) {
                ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
                file.read(0, content);
                files.put(name, content.array());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    private void put(Store store, int number, String value) {
        store.put(key(number), bytes(value));
        model.put(key(number), bytes(value));
        wrote();
    }

    private void merge(Store store, int number, String operand) {
        store.merge(key(number), bytes(operand));
        model.merge(key(number), bytes(operand));
        wrote();
    }

    private void delete(Store store, int number) {
        store.delete(key(number));
        model.delete(key(number));
        wrote();
    }

    private void deleteRange(Store store, byte[] from, byte[] to) {
        store.deleteRange(from, to);
        model.deleteRange(from, to);
        wrote();
    }

    private void commit(Store store, String text) {
        store.commitDurably(bytes(text));
        payload = bytes(text);
        states.add(new State(payload, model.copy()));
        if (text.equals("second")) {
            checkpointed = model.copy();
        }
    }

    /** With a log every write is a state that a reopen may come to. */
    private void wrote() {
        if (logged) {
            states.add(new State(payload, model.copy()));
        }
    }

    private static byte[] key(int number) {
        return bytes(String.format(java.util.Locale.ROOT, "key/%02d", number));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(US_ASCII);
    }
}
