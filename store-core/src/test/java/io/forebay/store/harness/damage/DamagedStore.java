package io.forebay.store.harness.damage;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;

/**
 * Opens copies of a {@link SmallStore} with one damaged file and reads them: by key, and by scans in both directions. A wrong
 * answer, an error that does not name the file, and an error of any other kind are {@link AssertionError}s.
 */
final class DamagedStore implements AutoCloseable {
    /** What became of the damage. */
    enum Outcome {
        /** An error named the file. Whatever was answered besides was right. */
        DETECTED,
        /** All answers were those of the last commit. */
        HARMLESS,
        /** All answers were those of an earlier commit, its payload included: what a crash does to the last writes. */
        EARLIER
    }

    private final SmallStore store;
    private SteppedEnvironment environment = newEnvironment(1);
    private int opened;
    private boolean detected;

    DamagedStore(SmallStore store) {
        this.store = store;
    }

    /** Opens the store with the file {@code name} having these bytes; null for not having the file. */
    Outcome open(String name, byte[] bytes) {
        MemoryFileStore directory = SmallStore.directory(store.files(), name, bytes);
        return reading(name, () -> {
            try (Store damaged = environment().open(directory, store.options())) {
                SmallStore.State state = stateOf(damaged, name);
                readAll(damaged, state.model(), name);
                return state == last() ? Outcome.HARMLESS : Outcome.EARLIER;
            }
        });
    }

    /** Restores the checkpoint, of which the file {@code name} has these bytes; null for not having the file. */
    Outcome restore(String metadata, String name, byte[] bytes) {
        MemoryFileStore directory = SmallStore.directory(store.checkpoint(), name, bytes);
        byte[] described = name.equals(metadata) ? bytes : store.checkpoint().get(metadata);
        return reading(name, () -> {
            List<RestoreSource> sources = List.of(new RestoreSource(directory, described, KeyRange.all()));
            try (Store restored = environment()
                    .environment
                    .restore(new MemoryFileStore(), store.options().build(), sources, new byte[0])) {
                readAll(restored, store.checkpointState().model(), name);
                return Outcome.HARMLESS;
            }
        });
    }

    private interface Reading {
        Outcome run();
    }

    private Outcome reading(String name, Reading body) {
        detected = false;
        try {
            Outcome outcome = body.run();
            return detected ? Outcome.DETECTED : outcome;
        } catch (StoreException e) {
            requireNames(e, name);
            return Outcome.DETECTED;
        }
    }

    /** A new one now and then, so that what an earlier store left in it does not pile up. */
    private SteppedEnvironment environment() {
        if (++opened % 500 == 0) {
            environment.close();
            environment = newEnvironment(opened);
        }
        return environment;
    }

    /** Its files must not have the names of those that the store made. */
    private static SteppedEnvironment newEnvironment(long seed) {
        return new SteppedEnvironment(16 << 20, new Random(-seed));
    }

    private SmallStore.State last() {
        return store.states().get(store.states().size() - 1);
    }

    /** The state with this payload and content; the last one with this payload when a scan does not tell, for damage. */
    private SmallStore.State stateOf(Store damaged, String name) {
        byte[] payload = damaged.committedPayload();
        List<byte[]> content = new ArrayList<>();
        try (StoreIterator iterator = damaged.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                content.add(iterator.key());
                content.add(iterator.value());
            }
        } catch (StoreException e) {
            requireNames(e, name);
            detected = true;
        }
        for (int i = store.states().size() - 1; i >= 0; i--) {
            SmallStore.State state = store.states().get(i);
            if (Arrays.equals(state.payload(), payload) && (detected || isContent(state.model(), content))) {
                return state;
            }
        }
        throw new AssertionError("A state that never was, with payload " + Model.hex(payload));
    }

    private static boolean isContent(Model model, List<byte[]> content) {
        int at = 0;
        for (Map.Entry<byte[], byte[]> entry : model.map().entrySet()) {
            if (at == content.size()
                    || !Arrays.equals(entry.getKey(), content.get(at))
                    || !Arrays.equals(entry.getValue(), content.get(at + 1))) {
                return false;
            }
            at += 2;
        }
        return at == content.size();
    }

    private void readAll(Store damaged, Model model, String name) {
        int asked = 0;
        for (byte[] key : store.keys()) {
            // Where damage is known, some answers are as good as all: each error costs more than many answers.
            if (!detected || asked % 4 == 0) {
                step(name, () -> requireSame(damaged.get(key), model.get(key), "get", key));
            }
            asked++;
        }
        step(name, () -> scan(damaged, model.map(), false));
        step(name, () -> scan(damaged, model.map().descendingMap(), true));
        step(name, () -> seek(damaged, model));
    }

    private void step(String name, Runnable read) {
        try {
            read.run();
        } catch (StoreException e) {
            requireNames(e, name);
            detected = true;
        }
    }

    private static void scan(Store damaged, NavigableMap<byte[], byte[]> expected, boolean reverse) {
        try (StoreIterator iterator = damaged.iterator(KeyRange.all())) {
            if (reverse) {
                iterator.seekToLast();
            } else {
                iterator.seekToFirst();
            }
            for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
                requireSame(iterator.isValid() ? iterator.key() : null, entry.getKey(), "key", entry.getKey());
                requireSame(iterator.value(), entry.getValue(), "value", entry.getKey());
                if (reverse) {
                    iterator.prev();
                } else {
                    iterator.next();
                }
            }
            if (iterator.isValid()) {
                throw new AssertionError("A scan went on to " + Model.hex(iterator.key()));
            }
        }
    }

    private void seek(Store damaged, Model model) {
        try (StoreIterator iterator = damaged.iterator(KeyRange.all())) {
            for (byte[] key : store.keys()) {
                iterator.seek(key);
                Map.Entry<byte[], byte[]> expected = model.map().ceilingEntry(key);
                requireSame(
                        iterator.isValid() ? iterator.key() : null,
                        expected == null ? null : expected.getKey(),
                        "seek to",
                        key);
            }
        }
    }

    private static void requireSame(byte[] found, byte[] expected, String what, byte[] key) {
        if (!Arrays.equals(found, expected)) {
            throw new AssertionError("Wrong answer: " + what + " " + Model.hex(key) + " expected " + Model.hex(expected)
                    + ", found " + Model.hex(found));
        }
    }

    private static void requireNames(StoreException error, String name) {
        boolean named;
        if (error instanceof CorruptionException corruption) {
            // A file that is not there has no offset, nor has a manifest of which nothing is left.
            boolean gone = corruption.offset() == -1 && corruption.found().matches("no such file.*|none that is whole");
            // A manifest that lost its end does not know the logs that it needs.
            boolean unknownLog =
                    name.startsWith("MANIFEST") && corruption.file().startsWith("WAL");
            named = gone || unknownLog || (corruption.file().equals(name) && corruption.offset() >= 0);
        } else if (error instanceof EncryptionException encryption) {
            named = encryption.file().equals(name);
        } else {
            named = (error instanceof FormatTooNewException || error instanceof FormatTooOldException)
                    && (error.getMessage().contains(name) || error.getMessage().contains("Checkpoint metadata"));
        }
        if (!named) {
            throw new AssertionError("An error that does not name " + name + ": " + error, error);
        }
    }

    @Override
    public void close() {
        environment.close();
        if (environment.slabs.outstanding() != 0) {
            throw new AssertionError(environment.slabs.outstanding() + " bytes of memory were not given back");
        }
    }
}
