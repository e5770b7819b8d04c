package io.forebay.store.db;

import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.RestoreSource;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreOptions;
import io.forebay.store.checkpoint.Restore;
import io.forebay.store.checkpoint.RestorePlan;
import io.forebay.store.compress.Codecs;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.db.state.EngineResources;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.EntryLimits;
import io.forebay.store.io.GuardedFileStore;
import io.forebay.store.util.Failures;
import io.forebay.store.util.Utf8;
import io.forebay.store.verify.DirectoryKind;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WalRecovery;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/**
 * Opens one store: locks its directory, has the version set read from what the directory holds or made from checkpoints
 * ({@link Restore}), checks that the options fit, and wires the parts. When that fails, everything is as it was before.
 * Used by one thread, for one open.
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
        this.files = GuardedFileStore.of(files);
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
        Restore restore = new Restore(files, plan, mergeName(), payload);
        return locked(
                place -> DirectoryKind.requireForRestore(place, plan.sourceFiles()),
                registry -> restore.run(registry, shared.ids()));
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
        shared.arbiter().add(context.tenant);
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

    /** Finds a missing library now, and not in a flush, when it is too late. */
    private void checkCompression() {
        Codecs.of(options.compression(), "Store " + options.name());
        Codecs.of(options.bottomCompression(), "Store " + options.name());
    }

    private void checkMergeName(String written) {
        String given = mergeName();
        if (written != null && !written.equals(given)) {
            throw new IllegalArgumentException("Store " + options.name() + " in " + files.describe()
                    + " was written with merge function \"" + written + "\" and cannot be opened with "
                    + (given == null ? "none" : "\"" + given + "\""));
        }
    }

    private String mergeName() {
        return options.mergeFunction() == null
                ? null
                : Utf8.requireReadable(
                        "The name of the merge function",
                        options.mergeFunction().name());
    }

    private static void closeAfter(Throwable failure, AutoCloseable... resources) {
        for (AutoCloseable resource : resources) {
            try {
                if (resource != null) {
                    resource.close();
                }
            } catch (Exception e) {
                Failures.suppress(failure, e);
            }
        }
    }
}
