package io.forebay.store.harness.interleave;

import static io.forebay.store.harness.interleave.InterleavedStore.K;
import static io.forebay.store.harness.interleave.InterleavedStore.bytes;
import static io.forebay.store.harness.interleave.InterleavedStore.scan;
import static io.forebay.store.harness.interleave.InterleavedStore.text;
import static io.forebay.store.harness.interleave.InterleavedStore.texts;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.RestoreSource;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.harness.interleave.InterleavedStore.Opened;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the reader of {@link StoreInterleavings} does.
 *
 * @param read gives the answer when it is asked for, once background work may be done
 */
record InterleavedReader(String name, Opened opened, Function<InterleavedStore, Supplier<String>> read) {
    static List<InterleavedReader> all() {
        return List.of(
                new InterleavedReader("get", Opened.NOTHING, world -> now(text(world.store.get(K)))),
                new InterleavedReader(
                        "multiGet",
                        Opened.NOTHING,
                        world -> now(texts(world.store.multiGet(List.of(K, bytes("a"), bytes("z")))))),
                new InterleavedReader("scan", Opened.NOTHING, world -> now(scan(world.store, true))),
                new InterleavedReader("scan backwards", Opened.NOTHING, world -> now(scan(world.store, false))),
                new InterleavedReader(
                        "scan in one call", Opened.NOTHING, world -> now(InterleavedStore.scanInOneCall(world.store))),
                new InterleavedReader("snapshot", Opened.NOTHING, world -> {
                    try (Snapshot snapshot = world.store.snapshot()) {
                        return now(text(snapshot.get(K)) + " " + text(snapshot.get(bytes("z"))));
                    }
                }),
                new InterleavedReader("get of a snapshot", Opened.SNAPSHOT, world -> now(text(world.snapshot.get(K)))),
                new InterleavedReader(
                        "multiGet of a snapshot",
                        Opened.SNAPSHOT,
                        world -> now(texts(world.snapshot.multiGet(List.of(K, bytes("z")))))),
                new InterleavedReader("scan of a snapshot", Opened.SNAPSHOT, world -> now(scan(world.snapshot, true))),
                new InterleavedReader("rest of an open scan", Opened.ITERATOR, world -> now(rest(world, true))),
                new InterleavedReader(
                        "rest of an open scan backwards", Opened.ITERATOR, world -> now(rest(world, false))),
                new InterleavedReader("checkpoint", Opened.NOTHING, InterleavedReader::checkpoint));
    }

    private static Supplier<String> now(String answer) {
        return () -> answer;
    }

    /** Taken now, restored when background work can be done. */
    private static Supplier<String> checkpoint(InterleavedStore world) {
        Checkpoint checkpoint = world.store.checkpoint(new byte[0]);
        return () -> {
            world.environment.executor.drain();
            checkpoint.completion().join();
            FileStore copy = FileStores.inMemory();
            checkpoint.writeTo(copy);
            RestoreSource source = new RestoreSource(copy, checkpoint.metadata(), KeyRange.all());
            checkpoint.close();
            try (SteppedEnvironment other = new SteppedEnvironment();
                    Store restored = other.environment.restore(
                            FileStores.inMemory(),
                            StoreOptions.builder()
                                    .mergeFunction(MergeFunction.append((byte) ','))
                                    .build(),
                            List.of(source),
                            new byte[0])) {
                return scan(restored, true);
            }
        };
    }

    private static String rest(InterleavedStore world, boolean forward) {
        if (!world.iterator.isValid()) {
            world.iterator.seek(K); // it was asked before
        }
        return InterleavedStore.rest(world.iterator, forward);
    }
}
