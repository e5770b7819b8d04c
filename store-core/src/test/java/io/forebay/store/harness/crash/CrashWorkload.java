package io.forebay.store.harness.crash;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashDisk;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.CrashMoment;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.Turns;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a program on a store, on a disk that is watched, and keeps a model of what the store must come back to after a
 * crash. The same program makes the same changes of the disk.
 */
final class CrashWorkload {
    static final String STORE = "store";

    /** Hears of every change of the disk while the program runs. */
    interface Listener {
        void changed(CrashMoment moment, Expectation expected, String change);
    }

    private final StoreOptions options;
    private final Listener listener;
    private final List<Commit> commits = new ArrayList<>();
    private final List<Saved> saved = new ArrayList<>();
    private CrashDisk disk = new CrashDisk();
    private CrashMachine machine;
    private int machines;
    private Store store;
    private Model model = new Model();
    private int acknowledged;
    private int step;
    private boolean open;
    /** Null when background work runs only while the program waits for it. */
    private final Turns turns;

    CrashWorkload(StoreOptions options, Listener listener) {
        this(options, listener, null);
    }

    /** @param turns whom the program and all background work take turns with, from one change of the disk to the next */
    CrashWorkload(StoreOptions options, Listener listener, Turns turns) {
        this.options = options;
        this.listener = listener;
        this.turns = turns;
        disk.takeTurns(turns);
        commits.add(new Commit("", new Model()));
    }

    /** Opens a store in an empty directory, does everything, and closes it. */
    void run(List<Op> program) {
        watch();
        boot();
        for (Op op : program) {
            step++;
            run(op);
            pause();
        }
        step++;
        close();
        disk.watch(null);
    }

    private void watch() {
        disk.watch(change -> listener.changed(disk.moment(), expected(), change));
    }

    private Expectation expected() {
        if (open) {
            noteDurable();
        }
        return new Expectation(List.copyOf(commits), acknowledged, List.copyOf(saved));
    }

    /** What the store itself says is durable must survive as well. */
    private void noteDurable() {
        String payload = WorkloadKeys.text(store.durablePayload());
        for (int i = commits.size() - 1; i > acknowledged; i--) {
            if (commits.get(i).payload().equals(payload)) {
                acknowledged = i;
            }
        }
    }

    private void boot() {
        machine = new CrashMachine(++machines, turns);
        store = machine.open(disk.directory(STORE), options);
        open = true;
    }

    private void run(Op op) {
        switch (op) {
            case PUT -> puts(3);
            case COMMIT -> {
                puts(3);
                commit();
            }
            case DURABLE -> {
                puts(1);
                durable();
            }
            case BATCH -> batch();
            case DELETE -> delete();
            case FILL -> fill();
            case FLUSH -> store.flush();
            case COMPACT -> store.compact();
            case WORK -> machine.executor.drain();
            case WAIT -> {
                machine.clock.advance(61_000_000_000L);
                machine.executor.drain();
            }
            case INGEST -> ingest(true);
            case ABANDON -> ingest(false);
            case CHECKPOINT -> checkpoint();
            case RESTORE -> restore();
            case REOPEN -> {
                close();
                boot();
                returnTo(acknowledged);
            }
            case CRASH -> lose(true);
            case KILL -> lose(false);
        }
    }

    private void puts(int count) {
        for (int i = 0; i < count; i++) {
            put(step * 5 + i * 7, i);
        }
    }

    /** Also before the model of the program is touched: others look at it, in their turns. */
    private void pause() {
        if (turns != null) {
            turns.pause();
        }
    }

    private void put(int key, int value) {
        byte[] bytes = WorkloadKeys.value(step, value);
        store.put(WorkloadKeys.key(key), bytes);
        pause();
        model.put(WorkloadKeys.key(key), bytes);
    }

    private void commit() {
        store.commit(begin());
    }

    private void durable() {
        store.commitDurably(begin());
        pause();
        acknowledged = commits.size() - 1;
    }

    /** The state from now on may be what a crash leaves. */
    private byte[] begin() {
        pause();
        String payload = "commit " + commits.size() + " of step " + step;
        commits.add(new Commit(payload, model.copy()));
        return WorkloadKeys.bytes(payload);
    }

    private void batch() {
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 4; i++) {
            batch.put(WorkloadKeys.key(step * 3 + i * 5), WorkloadKeys.value(step, i));
            model.put(WorkloadKeys.key(step * 3 + i * 5), WorkloadKeys.value(step, i));
        }
        batch.delete(WorkloadKeys.key(step * 5));
        model.delete(WorkloadKeys.key(step * 5));
        batch.deleteRange(WorkloadKeys.key(9), WorkloadKeys.key(12));
        model.deleteRange(WorkloadKeys.key(9), WorkloadKeys.key(12));
        batch.merge(WorkloadKeys.key(step), WorkloadKeys.bytes("b" + step));
        model.merge(WorkloadKeys.key(step), WorkloadKeys.bytes("b" + step));
        store.write(batch);
        commit();
    }

    private void delete() {
        int from = step * 3 % 18;
        store.deleteRange(WorkloadKeys.key(from), WorkloadKeys.key(from + 6));
        model.deleteRange(WorkloadKeys.key(from), WorkloadKeys.key(from + 6));
        store.merge(WorkloadKeys.key(from + 2), WorkloadKeys.bytes("d" + step));
        model.merge(WorkloadKeys.key(from + 2), WorkloadKeys.bytes("d" + step));
        commit();
    }

    private void fill() {
        for (int i = 0; i < 36; i++) {
            put(step + i * 5, i);
            if (i % 12 == 5) {
                commit();
            }
        }
    }

    private void ingest(boolean finish) {
        try (SortedIngest ingest = store.ingest()) {
            for (int i = step % 5; i < WorkloadKeys.COUNT; i += 4) {
                ingest.add(WorkloadKeys.key(i), WorkloadKeys.value(step, i));
            }
            if (finish) {
                ingest.finish();
            }
        }
        if (finish) {
            for (int i = step % 5; i < WorkloadKeys.COUNT; i += 4) {
                model.put(WorkloadKeys.key(i), WorkloadKeys.value(step, i));
            }
            commit();
        }
    }

    private String checkpoint() {
        String directory = "checkpoint-" + saved.size();
        String payload = "saved at " + step;
        try (Checkpoint checkpoint = store.checkpoint(WorkloadKeys.bytes(payload))) {
            while (!checkpoint.completion().isDone()) {
                machine.executor.help();
            }
            pause();
            saved.add(new Saved(directory, null, KeyRange.all(), payload, model.copy(), false));
            checkpoint.writeTo(disk.directory(directory));
        }
        pause();
        saved.set(saved.size() - 1, saved.get(saved.size() - 1).done());
        return directory;
    }

    private void restore() {
        String source = checkpoint();
        String directory = "restored-" + saved.size();
        KeyRange clip = KeyRange.of(WorkloadKeys.key(3), WorkloadKeys.key(17));
        Saved target = new Saved(directory, source, clip, "restored at " + step, model.copy(), false);
        saved.add(target);
        restore(machine, disk, options, target).close();
        pause();
        saved.set(saved.size() - 1, target.done());
    }

    /** Does the restore that makes {@code target}. */
    static Store restore(CrashMachine machine, CrashDisk disk, StoreOptions options, Saved target) {
        CrashFileStore from = disk.directory(target.source());
        RestoreSource source = new RestoreSource(from, ImageCheck.metadata(from), target.clip());
        return machine.environment.restore(
                disk.directory(target.directory()), options, List.of(source), WorkloadKeys.bytes(target.payload()));
    }

    private void close() {
        open = false;
        store.close();
        machine.environment.close();
        pause();
        acknowledged = commits.size() - 1;
    }

    private void lose(boolean machineToo) {
        CrashMoment moment = disk.moment();
        disk.watch(null);
        open = false;
        disk = machineToo ? moment.afterCrash(CrashChoice.variant(5 + step % 8, step)) : moment.afterKill();
        watch();
        boot();
        String payload = WorkloadKeys.text(store.durablePayload());
        for (int i = acknowledged; i < commits.size(); i++) {
            if (commits.get(i).payload().equals(payload)) {
                returnTo(i);
                return;
            }
        }
        throw new AssertionError("After the crash in step " + step + " the store is at \"" + payload + "\"");
    }

    private void returnTo(int commit) {
        commits.subList(commit + 1, commits.size()).clear();
        acknowledged = commit;
        model = commits.get(commit).state().copy();
        saved.removeIf(one -> !one.acknowledged());
    }
}
