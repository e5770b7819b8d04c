package io.forebay.store.testing.damage;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Opens copies of a {@link SmallStore} with one damaged file and reads them: by key, and by scans in both directions. A wrong
 * answer, an error that does not name the file, and an error of any other kind are {@link AssertionError}s.
 */
public final class DamagedStore implements AutoCloseable {
    /** What became of the damage. */
    public enum Outcome {
        /** An error named the file. Whatever was answered besides was right. */
        DETECTED,
        /** All answers were those of the last commit. */
        HARMLESS,
        /** All answers were those of an earlier commit, its payload included: what a crash does to the last writes. */
        EARLIER
    }

    private final SmallStore store;
    private SteppedEnvironment environment = new SteppedEnvironment();
    private int opened;
    private boolean detected;

    public DamagedStore(SmallStore store) {
        this.store = store;
    }

    /** Opens the store with the file {@code name} having these bytes; null for not having the file. */
    public Outcome open(String name, byte[] bytes) {
        MemoryFileStore directory = SmallStore.directory(store.files(), name, bytes);
        return reading(name, () -> {
            try (Store damaged = environment().open(directory, store.options())) {
                SmallStore.State state = stateOf(damaged.durablePayload());
                readAll(damaged, state.model(), name);
                return state == last() ? Outcome.HARMLESS : Outcome.EARLIER;
            }
        });
    }

    /** Restores the checkpoint, of which the file {@code name} has these bytes; null for not having the file. */
    public Outcome restore(String metadata, String name, byte[] bytes) {
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
            environment = new SteppedEnvironment();
        }
        return environment;
    }

    private SmallStore.State last() {
        return store.states().get(store.states().size() - 1);
    }

    private SmallStore.State stateOf(byte[] payload) {
        return store.states().stream()
                .filter(state -> Arrays.equals(state.payload(), payload))
                .findFirst()
                .orElseThrow(() -> new AssertionError("A payload of no commit: " + Model.hex(payload)));
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
            boolean gone = corruption.offset() == -1 && corruption.found().matches("no such file|none that is whole");
            named = gone || (corruption.file().equals(name) && corruption.offset() >= 0);
        } else if (error instanceof EncryptionException encryption) {
            named = encryption.file().equals(name);
        } else {
            named = error instanceof FormatTooNewException
                    && (error.getMessage().contains(name) || error.getMessage().contains("checkpoint metadata"));
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
