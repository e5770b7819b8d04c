package io.forebay.store.db;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.checkpoint.RestorePlan;
import io.forebay.store.compress.Codecs;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.db.state.EngineResources;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.EntryLimits;
import io.forebay.store.verify.DirectoryKind;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WalRecovery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Opens one store, either from what its directory holds or from checkpoints. When that fails, everything is as it was
 * before. Used by one thread, for one open.
 */
final class StoreOpener {
    private final EngineResources shared;
    private final FileStore files;
    private final StoreOptions options;
    private final Encryption encryption;
    /** Called at the end of the store. */
    private final Consumer<StoreImpl> onClosed;

    StoreOpener(EngineResources shared, FileStore files, StoreOptions options, Consumer<StoreImpl> onClosed) {
        this.shared = shared;
        this.files = files;
        this.options = options;
        this.encryption = Encryption.of(options.encryption(), options.encryptedOnly());
        this.onClosed = onClosed;
    }

    /**
     * Opens the store at its last durable commit, plus what logs hold after it. The store is read-only when the state
     * found cannot be written again.
     */
    StoreImpl open() {
        return locked(DirectoryKind::requireForOpen, registry -> VersionSet.open(files, registry, shared.ids()));
    }

    /** Makes a store that is the union of the clipped sources; durable on return. */
    StoreImpl restore(List<RestoreSource> sources, byte[] payload) {
        EntryLimits.checkPayload(payload);
        RestorePlan plan = RestorePlan.of(sources, encryption);
        checkMergeName(plan.mergeName());
        for (VersionEdit.Added added : plan.added()) {
            if (added.file().keyId() == null) {
                encryption.checkPlain(added.file().id().name());
            }
        }
        return locked(
                place -> DirectoryKind.requireForRestore(place, plan.sourceFiles()),
                registry -> restore(plan, payload, registry));
    }

    private interface Opening {
        VersionSet open(FileRegistry registry) throws IOException;
    }

    /** Checks whether the directory may be changed at all. */
    private interface PlaceCheck {
        void require(FileStore files) throws IOException;
    }

    private StoreImpl locked(PlaceCheck place, Opening opening) {
        checkCompression();
        LockHandle lock = new LockHandle(); // made before the lock is taken: nothing may fail in between
        boolean opened = false;
        try {
            place.require(files);
            lock.handle = files.lock();
            StoreImpl store = locked(opening, lock);
            opened = true;
            return store;
        } catch (IOException e) {
            throw new StoreIoException("Opening store " + options.name() + " in " + files.describe() + " failed", e);
        } finally {
            if (!opened) {
                lock.giveBack();
            }
        }
    }

    private StoreImpl locked(Opening opening, LockHandle lock) throws IOException {
        FileRegistry registry = new FileRegistry(files, shared.tables(), shared.executor(), encryption);
        VersionSet versions = null;
        try {
            versions = opening.open(registry);
            checkMergeName(versions.mergeName());
            return store(versions, lock);
        } catch (Throwable e) {
            closeAfter(e, versions, registry::close, lock);
            throw e;
        }
    }

    /**
     * The lock of the directory. It is released by the end of the store, or by a failed open, without an allocation.
     * Used by one thread at a time: the one that opens the store, later the one that closes it.
     */
    private static final class LockHandle implements AutoCloseable {
        AutoCloseable handle;

        @Override
        public void close() throws Exception {
            AutoCloseable lock = handle;
            handle = null;
            if (lock != null) {
                lock.close();
            }
        }

        void giveBack() {
            try {
                close();
            } catch (Exception e) {
                throw stillLocked(e);
            }
        }

        private static StoreException stillLocked(Exception cause) {
            return new StoreException("A store that could not be opened cannot give its lock back", cause);
        }
    }

    private StoreImpl store(VersionSet versions, AutoCloseable lock) throws IOException {
        VersionEdit.Logs needed = versions.logs();
        WalRecovery logs = WalRecovery.of(files, encryption, needed.id(), needed.first());
        StoreContext context = new StoreContext(shared, files, options, versions);
        StoreImpl[] store = new StoreImpl[1];
        StoreParts parts = new StoreParts(context, () -> {
            try {
                lock.close();
            } finally {
                onClosed.accept(store[0]);
            }
        });
        store[0] = new StoreImpl(context, parts);
        shared.arbiter().add(context.active);
        try {
            new WalOpener(context, parts).open(logs);
        } catch (ReadOnlyStoreException e) { // there is no store yet that could be resumed
            closeAfter(e, parts.closer::abandon);
            throw new IOException("Bringing the write-ahead logs to files failed", e);
        } catch (Throwable e) {
            closeAfter(e, parts.closer::abandon);
            throw e;
        }
        Exception openFailure = versions.openFailure();
        if (openFailure != null) {
            parts.errors.failed(openFailure); // the store can be read, and tries again
        }
        parts.compactions.schedule();
        return store[0];
    }

    private VersionSet restore(RestorePlan plan, byte[] payload, FileRegistry registry) throws IOException {
        List<String> before = files.list();
        List<String> linked = new ArrayList<>();
        try {
            fetch(plan, linked);
            return create(plan, payload, registry);
        } catch (IOException | RuntimeException | Error e) {
            undo(before, linked, e);
            throw e;
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
            failure.addSuppressed(e);
        }
    }

    private VersionSet create(RestorePlan plan, byte[] payload, FileRegistry registry) throws IOException {
        List<PhysicalFile> acquired = new ArrayList<>();
        VersionEdit edit = new VersionEdit().lastSequence(plan.lastSequence()).commit(plan.lastSequence(), payload);
        String mergeName =
                options.mergeFunction() == null ? null : options.mergeFunction().name();
        if (mergeName != null) {
            edit.mergeName(mergeName);
        }
        for (VersionEdit.Added added : plan.added()) {
            PhysicalFile file = registry.acquire(
                    added.file().id(), added.file().fileBytes(), added.file().keyId());
            acquired.add(file);
            edit.add(added.rank(), added.file().withFile(file));
        }
        try {
            return VersionSet.create(files, registry, shared.ids(), edit);
        } finally {
            acquired.forEach(PhysicalFile::release);
        }
    }

    /**
     * Links the files of the plan into the directory, checks their lengths, and makes their bytes durable: a caller
     * that downloaded or copied them there need not have synced them.
     */
    private void fetch(RestorePlan plan, List<String> linked) throws IOException {
        for (Map.Entry<FileId, FileStore> place : plan.places().entrySet()) {
            String name = place.getKey().name();
            if (place.getValue() != files && !files.exists(name)) {
                linked.add(name);
                files.linkFrom(place.getValue(), name);
            }
        }
        Set<FileId> checked = new HashSet<>();
        for (VersionEdit.Added added : plan.added()) {
            if (checked.add(added.file().id())) {
                checkLength(added.file());
                sync(added.file().id().name());
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

    private void checkLength(FileMeta file) throws IOException {
        try (ReadableFile present = files.open(file.id().name())) {
            if (present.size() != file.fileBytes()) {
                throw new CorruptionException(
                        file.id().name(), present.size(), file.fileBytes() + " bytes", present.size() + " bytes");
            }
        }
    }

    /** Finds a missing library now, and not in a flush, when it is too late. */
    private void checkCompression() {
        Codecs.of(options.compression(), "Store " + options.name());
        Codecs.of(options.bottomCompression(), "Store " + options.name());
    }

    private void checkMergeName(String written) {
        String given =
                options.mergeFunction() == null ? null : options.mergeFunction().name();
        if (written != null && !written.equals(given)) {
            throw new IllegalArgumentException("Store " + options.name() + " in " + files.describe()
                    + " was written with merge function \"" + written + "\" and cannot be opened with "
                    + (given == null ? "none" : "\"" + given + "\""));
        }
    }

    private static void closeAfter(Throwable failure, AutoCloseable... resources) {
        for (AutoCloseable resource : resources) {
            try {
                if (resource != null) {
                    resource.close();
                }
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }
}
