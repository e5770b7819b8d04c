package io.forebay.store.checkpoint;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.io.GuardedFileStore;
import io.forebay.store.util.Failures;
import io.forebay.store.util.ScopedRead;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Makes the directory of a store from checkpoints, as a {@link RestorePlan} says.
 *
 * <pre>
 *   fetch    link or copy the files of the plan that are not there; check the lengths and sync the bytes of all
 *   create   the first manifest, which names them; from here on it is a store
 *   undo     after a failure of one of these: delete what was linked
 * </pre>
 *
 * <p>The caller has the lock of the directory, and has checked that a store may be made there. Used by one thread, once.
 */
public final class Restore {
    private final FileStore files;
    private final RestorePlan plan;
    private final String mergeName;
    private final byte[] payload;

    /**
     * @param mergeName of the new store, or null for none
     * @param payload of its first commit
     */
    public Restore(FileStore files, RestorePlan plan, String mergeName, byte[] payload) {
        this.files = files;
        this.plan = plan;
        this.mergeName = mergeName;
        this.payload = payload;
    }

    /**
     * The new store, which is durable on return; the caller closes it. After a failure what was linked is deleted again,
     * unless a manifest that names it is left.
     *
     * @param registry of the new store, for the same directory
     * @param ids as in {@link VersionSet#open}
     * @throws IllegalStateException when there is a store already
     * @throws CorruptionException when a file does not have the length that its checkpoint says
     */
    public VersionSet run(FileRegistry registry, LongSupplier ids) throws IOException {
        List<String> before = files.list();
        List<String> linked = new ArrayList<>();
        try {
            fetch(linked);
            return create(registry, ids);
        } catch (IOException | RuntimeException | Error e) {
            undo(before, linked, e);
            throw e;
        }
    }

    /**
     * Makes the bytes durable as well: a caller that downloaded or copied the files into the directory need not have
     * synced them.
     */
    private void fetch(List<String> linked) throws IOException {
        for (Map.Entry<String, FileStore> place : plan.places().entrySet()) {
            String name = place.getKey();
            if (!GuardedFileStore.areSame(place.getValue(), files) && !files.exists(name)) {
                linked.add(name);
                files.linkFrom(GuardedFileStore.of(place.getValue()), name);
            }
        }
        Set<String> checked = new HashSet<>();
        for (VersionEdit.Added added : plan.added()) {
            FileMeta file = added.file();
            check(file.id().name(), file.fileBytes(), checked);
            for (ValueShare share : file.info().valueFiles()) {
                check(FileId.of(share).valueFileName(), share.fileBytes(), checked);
            }
        }
    }

    /** Checks the length of a file, once, and makes its bytes durable. */
    private void check(String name, long bytes, Set<String> checked) throws IOException {
        if (checked.add(name)) {
            checkLength(name, bytes);
            sync(name);
        }
    }

    private void checkLength(String name, long bytes) throws IOException {
        try (ScopedRead present = ScopedRead.open(files, name)) {
            if (present.size() != bytes) {
                throw new CorruptionException(name, present.size(), bytes + " bytes", present.size() + " bytes");
            }
        }
    }

    private void sync(String name) throws IOException {
        try {
            files.sync(name);
        } catch (IOException e) {
            throw new IOException(
                    "The sync of " + name + " in " + files.describe()
                            + " failed, so it may not be on disk, and another sync"
                            + " could not tell. Copy the file there anew before the restore is repeated",
                    e);
        }
    }

    private VersionSet create(FileRegistry registry, LongSupplier ids) throws IOException {
        VersionEdit edit = new VersionEdit().lastSequence(plan.lastSequence()).commit(plan.lastSequence(), payload);
        if (mergeName != null) {
            edit.mergeName(mergeName);
        }
        List<PhysicalFile> acquired = new ArrayList<>();
        for (VersionEdit.Added added : plan.added()) {
            PhysicalFile file = registry.acquire(added.file().id(), added.file().info());
            acquired.add(file);
            edit.add(added.rank(), added.file().withFile(file));
        }
        try {
            return VersionSet.create(files, registry, ids, edit);
        } finally {
            acquired.forEach(PhysicalFile::release);
        }
    }

    /** Deletes the links again, unless there is a manifest, which could not be deleted and may name them. */
    private void undo(List<String> before, List<String> linked, Throwable failure) {
        try {
            List<String> left = new ArrayList<>(files.list());
            left.removeAll(before);
            if (linked.isEmpty() || left.stream().anyMatch(VersionSet::isManifest)) {
                return;
            }
            files.syncDirectory(); // the manifest is gone durably before its files
            for (String name : linked) {
                files.delete(name);
            }
        } catch (IOException e) {
            Failures.suppress(failure, e);
        }
    }
}
