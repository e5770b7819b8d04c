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

    private record Directory(String name, boolean named, Map<String, DiskFile> durable, List<Change> changes) {}

    private record Extent(int size, int synced) {}

    private final List<Directory> directories = new ArrayList<>();
    private final Map<DiskFile, Extent> extents = new IdentityHashMap<>();
    private boolean settled = true;

    CrashMoment(Collection<CrashFileStore> of) {
        for (CrashFileStore store : of) {
            Directory directory = new Directory(store.name(), store.isNamed(), store.durable(), store.pendingChanges());
            directories.add(directory);
            settled &= directory.named && directory.changes.isEmpty();
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
            if (!directory.named && !choice.keepsDirectory()) {
                continue;
            }
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
            disk.add(directory.name, true, names, List.of());
        }
        return disk;
    }

    /** As {@link #afterCrash(CrashChoice)}, by chance. */
    public CrashDisk afterCrash(Random random) {
        return afterCrash(CrashChoice.random(random));
    }

    /**
     * The disk after the end of the process: the operating system has all that was handed to it, and may still lose it when
     * the machine crashes later.
     */
    public CrashDisk afterKill() {
        CrashDisk disk = new CrashDisk();
        Map<DiskFile, DiskFile> left = new IdentityHashMap<>();
        extents.forEach((file, extent) -> left.put(file, file.prefix(extent.size, extent.synced)));
        for (Directory directory : directories) {
            Map<String, DiskFile> durable = new TreeMap<>(directory.durable);
            durable.replaceAll((name, file) -> left.get(file));
            List<Change> changes = new ArrayList<>();
            for (Change change : directory.changes) {
                changes.add(new Change(change.name, left.get(change.file), change.create));
            }
            disk.add(directory.name, directory.named, durable, changes);
        }
        return disk;
    }
}
