package io.forebay.store.testing;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The disk of a machine, in memory: directories that crash at the same moment, and files that may have names in several of
 * them. Somebody may watch it and take a {@link CrashMoment} after every change. Changes are made by one thread at a time;
 * with {@link Turns}, each change and each open of a file is a turn point.
 */
public final class CrashDisk {
    /** Hears of every change of the disk, after it was made, while the thread that made it waits. */
    @FunctionalInterface
    public interface Watcher {
        /** @param change what was done, for messages */
        void changed(String change);
    }

    private static final Watcher NOBODY = change -> {};

    private final Map<String, CrashFileStore> directories = new TreeMap<>();
    private Watcher watcher = NOBODY;
    private volatile Turns turns;
    private long changes;

    /** The directory of that name; an empty one when there was none. */
    public synchronized CrashFileStore directory(String name) {
        return directories.computeIfAbsent(name, key -> new CrashFileStore(this, key, false, Map.of(), List.of()));
    }

    /** True when the directory was asked for or survived a crash. */
    public synchronized boolean has(String name) {
        return directories.containsKey(name);
    }

    /** Directories by their names, the present ones. */
    public synchronized Map<String, CrashFileStore> directories() {
        return new TreeMap<>(directories);
    }

    /** @param next hears of the changes from now on; null for nobody */
    public synchronized void watch(Watcher next) {
        watcher = next == null ? NOBODY : next;
    }

    /** @param next whom threads that use the disk take turns with; null for nobody */
    public void takeTurns(Turns next) {
        turns = next;
    }

    /** Does something to the disk, in a turn of its own if turns are taken. */
    <T> T inTurn(Turns.Work<T> work) throws IOException {
        Turns taken = turns;
        return taken == null ? work.run() : taken.alone(work);
    }

    /** Changes so far. */
    public synchronized long changes() {
        return changes;
    }

    /** All that a crash or the end of the process at this moment could leave. */
    public synchronized CrashMoment moment() {
        return new CrashMoment(directories.values());
    }

    /** @param named whether the name of the directory is durable */
    synchronized void add(String name, boolean named, Map<String, DiskFile> durable, List<CrashMoment.Change> changes) {
        directories.put(name, new CrashFileStore(this, name, named, durable, changes));
    }

    synchronized void adopt(CrashFileStore directory) {
        directories.put(directory.name(), directory);
    }

    void changed(CrashFileStore directory, String what, String file) {
        Watcher listener;
        synchronized (this) {
            changes++;
            listener = watcher;
        }
        if (listener != NOBODY) {
            String change = what + file + " in " + directory.name();
            elsewhere(() -> listener.changed(change));
        }
    }

    /** On another thread: work of the store is under way on this one, and a watcher may do anything with stores of its own. */
    static void elsewhere(Runnable work) {
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Thread(task, "watcher").start();
        try {
            task.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A hash of all names and bytes. */
    public synchronized long hash() {
        long hash = 17;
        for (Map.Entry<String, CrashFileStore> directory : directories.entrySet()) {
            hash = mix(
                    mix(hash, directory.getKey().hashCode()),
                    directory.getValue().hash());
        }
        return hash;
    }

    static long mix(long hash, long value) {
        long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
        return mixed ^ mixed >>> 29;
    }
}
