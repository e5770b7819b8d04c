package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A store of tiny files of which checkpoints are taken, and stores that are made of them; the base of their tests. */
abstract class CheckpointedStores {
    static final byte[] PAYLOAD = "payload".getBytes(UTF_8);
    final SteppedEnvironment stepped = new SteppedEnvironment();
    final CrashFileStore files = new CrashFileStore();
    final Store store = stepped.open(files, tiny());

    static StoreOptions.Builder tiny() {
        return StoreOptions.builder()
                .memtableBytes(4 << 10)
                .blockBytes(256)
                .targetFileBytes(4 << 10)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    @AfterEach
    void closeEverything() {
        stepped.close();
        assertThat(stepped.slabs.outstanding()).isZero();
    }

    Store restore(FileStore place, RestoreSource... sources) {
        return stepped.environment.restore(place, tiny().build(), List.of(sources), new byte[] {9});
    }

    RestoreSource source(Checkpoint checkpoint, KeyRange clip) {
        return new RestoreSource(files, checkpoint.metadata(), clip);
    }

    void complete(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            stepped.executor.help();
        }
        checkpoint.completion().join();
    }

    void link(CrashFileStore to, CheckpointFile file) {
        try {
            to.linkFrom(files, file.name());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static List<String> tables(CrashFileStore place) {
        return place.list().stream().filter(name -> name.endsWith(".sst")).toList();
    }

    static List<String> keys(Store from) {
        List<String> keys = new ArrayList<>();
        try (StoreIterator iterator = from.iterator(KeyRange.all())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                keys.add(new String(iterator.key(), UTF_8));
            }
        }
        return keys;
    }

    void put(String key, String value) {
        store.put(bytes(key), bytes(value));
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
