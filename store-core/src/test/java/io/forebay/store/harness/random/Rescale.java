package io.forebay.store.harness.random;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Restores a checkpoint to several stores that share its key space, and joins them again to one. */
final class Rescale {
    private static final byte[] PAYLOAD = {42};

    private final Random random;
    private final RandomKeys keys;
    private final Environment environment;
    private final SteppedExecutor executor;
    private final StoreOptions options;

    Rescale(Random random, RandomKeys keys, Environment environment, SteppedExecutor executor, StoreOptions options) {
        this.random = random;
        this.keys = keys;
        this.environment = environment;
        this.executor = executor;
        this.options = options;
    }

    void splitAndJoin(Checkpoint checkpoint, FileStore files, Model state, String where) {
        assertThat(Environment.describe(checkpoint.metadata(), options.encryption())
                        .files())
                .isEqualTo(checkpoint.files());
        List<KeyRange> parts = parts();
        List<FileStore> places = new ArrayList<>();
        List<Store> stores = new ArrayList<>();
        List<Checkpoint> checkpoints = new ArrayList<>();
        List<RestoreSource> sources = new ArrayList<>();
        Model changed = state.copy();
        for (KeyRange part : parts) {
            CrashFileStore place = new CrashFileStore();
            Store store = environment.restore(
                    place, options, List.of(new RestoreSource(files, checkpoint.metadata(), part)), PAYLOAD);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
            state.assertSame(store, part, where + ", restored part " + part);
            assertThat(state.in(part)).hasSize(count(store));
            write(store, part, changed);
            places.add(place);
            stores.add(store);
            Checkpoint own = store.checkpoint(PAYLOAD);
            while (!own.completion().isDone()) {
                executor.help();
            }
            checkpoints.add(own);
            sources.add(new RestoreSource(place, own.metadata(), part));
        }
        CrashFileStore joined = new CrashFileStore();
        environment.restore(joined, options, sources, PAYLOAD).close();
        for (int i = 0; i < parts.size(); i++) {
            checkpoints.get(i).close();
            stores.get(i).close();
        }
        try (Store store = environment.open(joined, options)) {
            changed.assertSame(store, KeyRange.all(), where + ", joined");
            write(store, KeyRange.all(), changed);
            store.compact();
            changed.assertSame(store, KeyRange.all(), where + ", joined and compacted");
        }
    }

    private void write(Store store, KeyRange part, Model changed) {
        for (int i = 0; i < 10; i++) {
            byte[] key = keys.key();
            if (part.contains(key)) {
                byte[] value = keys.value();
                store.put(key, value);
                changed.put(key, value);
            }
        }
    }

    private static int count(Store store) {
        int count = 0;
        try (var iterator = store.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                count++;
            }
        }
        return count;
    }

    /** One to three ranges that cover all keys. */
    private List<KeyRange> parts() {
        List<byte[]> cuts = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            cuts.add(keys.key());
        }
        cuts.sort(Arrays::compareUnsigned);
        List<KeyRange> parts = new ArrayList<>();
        byte[] from = null;
        for (byte[] cut : cuts) {
            if (Arrays.compareUnsigned(from == null ? new byte[0] : from, cut) < 0) {
                parts.add(KeyRange.of(from, cut));
                from = cut;
            }
        }
        parts.add(KeyRange.of(from, null));
        return parts;
    }
}
