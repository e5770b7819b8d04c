package io.forebay.store.harness.crash;

import io.forebay.store.CorruptionException;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Opens the store of a disk that crashed, compares all of it with what may be there, and goes on working with it. Checks
 * the checkpoints and restored stores beside it as well. Keeps its environment for many disks; useless after a failure.
 */
final class ImageCheck {
    private static final byte[] AFTER = WorkloadKeys.bytes("after the crash");

    private final StoreOptions options;
    private final CrashMachine machine;
    private final ValueBuffer buffer = new ValueBuffer();
    private Expectation expected;

    /** @param ids of the machine, not used in the disks before */
    ImageCheck(StoreOptions options, long ids) {
        this.options = options;
        machine = new CrashMachine(ids);
    }

    /** What must survive a second crash now, while a check is under way. */
    Expectation expected() {
        return expected;
    }

    /** @throws AssertionError when the disk does not hold what it must hold */
    void check(CrashDisk disk, Expectation after) {
        expected = after;
        machine.forgetIds();
        checkStore(disk.directory(CrashWorkload.STORE));
        for (Saved one : after.saved()) {
            if (one.source() == null) {
                checkCheckpoint(disk, one);
            } else {
                checkRestored(disk, one);
            }
        }
        require(machine.executor.isIdle(), "background work is left over");
    }

    /** As {@link #check}; where stale bytes lie in the place of unwritten ones an open may also refuse the store by name. */
    boolean checkOrRefused(CrashDisk disk, Expectation after) {
        try {
            check(disk, after);
            return true;
        } catch (CorruptionException e) {
            return false;
        }
    }

    private void checkStore(CrashFileStore files) {
        Commit found;
        try (Store store = machine.open(files, options)) {
            found = find(WorkloadKeys.text(store.durablePayload()));
            returnedTo(found);
            require(Arrays.equals(store.committedPayload(), store.durablePayload()), "two payloads after an open");
            same(store, found.state(), KeyRange.all(), "after the open");
            gets(store, found.state());
            machine.executor.drain();
            tidy(store, files, -1);
            found = goOn(store, found);
            machine.executor.drain();
            tidy(store, files, 1);
        }
        try (Store store = machine.open(files, options)) {
            require(Arrays.equals(store.durablePayload(), AFTER), "the commit after the crash is gone");
            same(store, found.state(), KeyRange.all(), "after writing and another open");
            machine.executor.drain();
        }
        require(files.openReaders() == 0, "files are left open");
    }

    private Commit find(String payload) {
        List<Commit> commits = expected.commits();
        for (int i = expected.acknowledged(); i < commits.size(); i++) {
            if (commits.get(i).payload().equals(payload)) {
                return commits.get(i);
            }
        }
        throw new AssertionError("The store is at \"" + payload + "\", must be at \""
                + commits.get(expected.acknowledged()).payload() + "\" or one of the "
                + (commits.size() - 1 - expected.acknowledged()) + " commits after it");
    }

    private void returnedTo(Commit commit) {
        expected = new Expectation(List.of(commit), 0, expected.saved());
    }

    private Commit goOn(Store store, Commit from) {
        Model model = from.state().copy();
        byte[] value = WorkloadKeys.bytes("written after the crash");
        store.put(WorkloadKeys.key(1), value);
        model.put(WorkloadKeys.key(1), value);
        store.deleteRange(WorkloadKeys.key(2), WorkloadKeys.key(5));
        model.deleteRange(WorkloadKeys.key(2), WorkloadKeys.key(5));
        Commit next = new Commit(WorkloadKeys.text(AFTER), model);
        expected = new Expectation(List.of(from, next), 0, expected.saved());
        store.commitDurably(AFTER);
        expected = new Expectation(List.of(from, next), 1, expected.saved());
        same(store, model, KeyRange.all(), "after writing");
        return next;
    }

    private static void tidy(Store store, CrashFileStore files, int manifests) {
        List<String> tables = new ArrayList<>(files.list());
        tables.removeIf(name -> !name.endsWith(".sst"));
        long live = store.statistics().liveFiles();
        require(tables.size() == live, "there are " + live + " live files, and on disk " + files.list());
        long values = files.list().stream()
                .filter(name -> name.endsWith(".val"))
                .mapToLong(files::size)
                .sum();
        long liveValues = store.statistics().valueFileBytes();
        require(values == liveValues, "there are " + liveValues + " bytes of values, and on disk " + files.list());
        long others = files.list().stream()
                .filter(name -> name.startsWith("MANIFEST"))
                .count();
        require(manifests < 0 || others == manifests, "there are more manifests than needed: " + files.list());
    }

    private void checkCheckpoint(CrashDisk disk, Saved saved) {
        CrashFileStore files = disk.directory(saved.directory());
        if (!files.exists(CheckpointManifest.FILE_NAME)) {
            require(!saved.acknowledged(), saved.directory() + " is gone");
            return;
        }
        RestoreSource source = new RestoreSource(files, metadata(files), KeyRange.all());
        try (Store store = machine.environment.restore(
                new CrashFileStore(), options, List.of(source), WorkloadKeys.bytes(saved.payload()))) {
            same(store, saved.state(), KeyRange.all(), saved.directory());
            machine.executor.drain();
        }
    }

    private void checkRestored(CrashDisk disk, Saved saved) {
        CrashFileStore files = disk.directory(saved.directory());
        try (Store store = saved.acknowledged() ? machine.open(files, options) : restoreAgain(disk, saved)) {
            require(
                    Arrays.equals(store.durablePayload(), WorkloadKeys.bytes(saved.payload())),
                    saved.directory() + ": payload");
            same(store, saved.state(), saved.clip(), saved.directory());
            machine.executor.drain();
        }
        try (Store store = machine.open(files, options)) {
            same(store, saved.state(), saved.clip(), saved.directory() + " opened again");
            machine.executor.drain();
            tidy(store, files, -1);
        }
    }

    /** A restore that a crash cut off has either made a store, or can be done again. */
    private Store restoreAgain(CrashDisk disk, Saved saved) {
        try {
            return CrashWorkload.restore(machine, disk, options, saved);
        } catch (IllegalStateException thereIsOne) {
            return machine.open(disk.directory(saved.directory()), options);
        }
    }

    /** Bytes of the metadata file of a checkpoint directory. */
    static byte[] metadata(CrashFileStore files) {
        try (ReadableFile file = files.open(CheckpointManifest.FILE_NAME)) {
            byte[] metadata = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(metadata));
            return metadata;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void gets(Store store, Model state) {
        for (int i = 0; i < WorkloadKeys.COUNT; i++) {
            byte[] key = WorkloadKeys.key(i);
            byte[] wanted = state.get(key);
            boolean found = store.get(key, 0, key.length, buffer);
            require(
                    found == (wanted != null) && (!found || Arrays.equals(buffer.toByteArray(), wanted)),
                    "get of " + WorkloadKeys.text(key));
        }
    }

    /** By a scan in each direction. */
    private static void same(ReadView view, Model state, KeyRange range, String where) {
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            for (Map.Entry<byte[], byte[]> entry : state.in(range).entrySet()) {
                at(iterator, entry, where);
                iterator.next();
            }
            require(!iterator.isValid(), where + ": more keys than there should be");
            iterator.seekToLast();
            for (Map.Entry<byte[], byte[]> entry :
                    state.in(range).descendingMap().entrySet()) {
                at(iterator, entry, where + ", backwards");
                iterator.prev();
            }
            require(!iterator.isValid(), where + ", backwards: more keys than there should be");
        }
    }

    private static void at(StoreIterator iterator, Map.Entry<byte[], byte[]> entry, String where) {
        if (!iterator.isValid()) {
            throw new AssertionError(where + ": key " + WorkloadKeys.text(entry.getKey()) + " is missing");
        }
        if (!Arrays.equals(iterator.key(), entry.getKey())) {
            throw new AssertionError(where + ": key " + WorkloadKeys.text(iterator.key()) + ", not "
                    + WorkloadKeys.text(entry.getKey()));
        }
        if (!Arrays.equals(iterator.value(), entry.getValue())) {
            throw new AssertionError(where + ": key " + WorkloadKeys.text(entry.getKey()) + " has \""
                    + WorkloadKeys.text(iterator.value()) + "\", not \"" + WorkloadKeys.text(entry.getValue()) + "\"");
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new AssertionError(message);
        }
    }
}
