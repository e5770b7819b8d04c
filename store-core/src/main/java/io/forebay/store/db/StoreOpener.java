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

/** Opens one store: from what its directory holds, or from checkpoints. On failure everything is as it was. */
final class StoreOpener {
    private final EngineResources shared;
    private final FileStore files;
    private final StoreOptions options;
    private final Encryption encryption;
    /** Hears of the end of the store. */
    private final Consumer<StoreImpl> onClosed;

    StoreOpener(EngineResources shared, FileStore files, StoreOptions options, Consumer<StoreImpl> onClosed) {
        this.shared = shared;
        this.files = files;
        this.options = options;
        this.encryption = Encryption.of(options.encryption(), options.encryptedOnly());
        this.onClosed = onClosed;
    }

    /** At the last durable commit, and behind it what logs hold; read-only where what was found cannot be written anew. */
    StoreImpl open() {
        return locked(DirectoryKind::requireForOpen, registry -> VersionSet.open(files, registry, shared.ids()));
    }

    /** As the union of the clipped sources; durable on return. */
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

    /** Whether the place may be touched at all. */
    private interface PlaceCheck {
        void require(FileStore files) throws IOException;
    }

    private StoreImpl locked(PlaceCheck place, Opening opening) {
        checkCompression();
        HeldLock lock = new HeldLock(); // before it is taken: nothing may fail in between
        boolean opened = false;
        try {
            place.require(files);
            lock.held = files.lock();
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

    private StoreImpl locked(Opening opening, HeldLock lock) throws IOException {
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

    /** A store that cannot be opened gives its lock back on two ways, and needs no memory for it. */
    private static final class HeldLock implements AutoCloseable {
        AutoCloseable held;

        @Override
        public void close() throws Exception {
            AutoCloseable lock = held;
            held = null;
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
        shared.arbiter().add(parts.writes);
        try {
            new LogOpener(context, parts).open(logs);
        } catch (ReadOnlyStoreException e) { // there is no store yet that could be resumed
            closeAfter(e, parts.closer::abandon);
            throw new IOException("Bringing the write-ahead logs to files failed", e);
        } catch (Throwable e) {
            closeAfter(e, parts.closer::abandon);
            throw e;
        }
        Exception unsettled = versions.openFailure();
        if (unsettled != null) {
            parts.recovery.failed(unsettled); // it is read, and tried again
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

    /** Takes the links away again, unless a manifest that could not be deleted may name them. */
    private void undo(List<String> before, List<String> linked, Throwable failure) {
        try {
            List<String> left = new ArrayList<>(files.list());
            left.removeAll(before);
            if (linked.isEmpty() || left.stream().anyMatch(VersionSet::isManifest)) {
                return;
            }
            files.syncDirectory(); // the manifest goes before them
            for (String name : linked) {
                files.delete(name);
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private VersionSet create(RestorePlan plan, byte[] payload, FileRegistry registry) throws IOException {
        List<PhysicalFile> held = new ArrayList<>();
        VersionEdit edit = new VersionEdit().lastSequence(plan.lastSequence()).commit(plan.lastSequence(), payload);
        String mergeName =
                options.mergeFunction() == null ? null : options.mergeFunction().name();
        if (mergeName != null) {
            edit.mergeName(mergeName);
        }
        for (VersionEdit.Added added : plan.added()) {
            PhysicalFile file = registry.acquire(
                    added.file().id(), added.file().fileBytes(), added.file().keyId());
            held.add(file);
            edit.add(added.rank(), added.file().withFile(file));
        }
        try {
            return VersionSet.create(files, registry, shared.ids(), edit);
        } finally {
            held.forEach(PhysicalFile::release);
        }
    }

    /**
     * Brings the files of the plan here, checks that they are as long as they should be, and makes their bytes durable: whoever
     * downloaded or copied them need not have synced them.
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

    /** A library that is missing shows here rather than in a flush, when it is too late. */
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
