package io.forebay.store.testing;

import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk at one moment: what is on it for sure, and what a crash may take away. Immutable; shares all bytes with the disk
 * it was taken from, which goes on.
 */
public final class CrashMoment {
    /** A change of a name since the last sync of its directory. */
    record Change(String name, DiskFile file, boolean create) {}

    private record Directory(
            String name, Map<String, DiskFile> durable, List<Change> changes, Map<String, DiskFile> present) {}

    private record Extent(int size, int synced) {}

    private final List<Directory> directories = new ArrayList<>();
    private final Map<DiskFile, Extent> extents = new IdentityHashMap<>();
    private boolean settled = true;

    CrashMoment(Collection<CrashFileStore> of) {
        for (CrashFileStore store : of) {
            Directory directory = new Directory(store.name(), store.durable(), store.pendingChanges(), store.present());
            directories.add(directory);
            settled &= directory.changes.isEmpty();
            directory.durable.values().forEach(this::note);
            directory.changes.forEach(change -> note(change.file));
        }
    }

    private void note(DiskFile file) {
        int synced = file.synced(); // first, for it never passes the size
        Extent extent = new Extent(file.size(), synced);
        extents.put(file, extent);
        settled &= extent.size == extent.synced;
    }

    /** True when everything is durable, so that every crash leaves the same. */
    public boolean isSettled() {
        return settled;
    }

    /** The disk after a crash of the machine. A file with several names is the same under all of them. */
    public CrashDisk afterCrash(CrashChoice choice) {
        CrashDisk disk = new CrashDisk();
        Map<DiskFile, DiskFile> left = new IdentityHashMap<>();
        for (Directory directory : directories) {
            Map<String, DiskFile> names = new TreeMap<>(directory.durable);
            int count = directory.changes.size();
            for (int i = 0; i < count; i++) {
                Change change = directory.changes.get(i);
                if (choice.keeps(change.create, i, count)) {
                    if (change.create) {
                        names.put(change.name, change.file);
                    } else {
                        names.remove(change.name);
                    }
                }
            }
            names.replaceAll((name, file) -> left.computeIfAbsent(file, key -> {
                Extent extent = extents.get(key);
                return choice.left(key, extent.size, extent.synced);
            }));
            disk.add(directory.name, names);
        }
        return disk;
    }

    /** As {@link #afterCrash(CrashChoice)}, by chance. */
    public CrashDisk afterCrash(Random random) {
        return afterCrash(CrashChoice.random(random));
    }

    /** The disk after the end of the process: the operating system has all that was handed to it. */
    public CrashDisk afterKill() {
        CrashDisk disk = new CrashDisk();
        Map<DiskFile, DiskFile> left = new IdentityHashMap<>();
        for (Directory directory : directories) {
            Map<String, DiskFile> names = new TreeMap<>(directory.present);
            names.replaceAll((name, file) -> left.computeIfAbsent(file, key -> key.prefix(extents.get(key).size)));
            disk.add(directory.name, names);
        }
        return disk;
    }
}
