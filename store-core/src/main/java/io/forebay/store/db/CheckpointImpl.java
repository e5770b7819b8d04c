package io.forebay.store.db;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.VersionEdit;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The files of the version at one moment, plus those that the memtables frozen at that moment become. Holds a reference
 * to every one of them until it is closed.
 */
final class CheckpointImpl implements Checkpoint {
    private final StoreContext store;
    private final Checkpoints owner;
    private final long sequence;
    private final byte[] payload;
    private final Opened opened;
    private final CompletableFuture<Void> completion = new CompletableFuture<>();
    /** Whether the outcome is known; the future hears of it a moment later. */
    private final AtomicBoolean settled = new AtomicBoolean();

    private final AtomicBoolean closed = new AtomicBoolean();

    /** Memtables that are not in files yet. With {@link #files}, guarded by this. */
    private final Set<TrackedMemtable> missing;

    private final List<VersionEdit.Added> files = new ArrayList<>();
    private boolean released;
    private volatile CheckpointManifest manifest;
    /** A lock of its own, because the key service may take its time, and flushes wait for the lock of the checkpoint. */
    private final Object encoding = new Object();
    /** The metadata, once it was asked for: encrypted anew it would be other bytes. Guarded by {@link #encoding}. */
    private byte[] encoded;

    /**
     * @param state read state right after the freeze
     * @param sequence last write in it
     * @param payload taken over
     */
    CheckpointImpl(StoreContext store, Checkpoints owner, ReadState state, long sequence, byte[] payload) {
        this.store = store;
        this.owner = owner;
        this.sequence = sequence;
        this.payload = payload;
        opened = Opened.now("checkpoint", store.shared);
        missing = new HashSet<>(List.of(state.frozen));
        for (SortedRun run : state.version.runs()) {
            for (FileMeta file : run.files()) {
                hold(new VersionEdit.Added(run.rank(), file));
            }
        }
    }

    Opened opened() {
        return opened;
    }

    /** @return true when this flush was the last that the checkpoint waited for */
    synchronized boolean flushed(List<TrackedMemtable> tables, List<VersionEdit.Added> made) {
        if (released || !missing.removeAll(tables)) {
            return false;
        }
        made.forEach(this::hold);
        return missing.isEmpty();
    }

    /** What it has below memtables that are flushed; none when it waits for none of them. */
    synchronized List<SortedRun> runsBelow(List<TrackedMemtable> tables) {
        if (released || Collections.disjoint(missing, tables)) {
            return List.of();
        }
        Map<Long, List<FileMeta>> byRank = new HashMap<>();
        files.forEach(added ->
                byRank.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(added.file()));
        List<SortedRun> runs = new ArrayList<>();
        byRank.forEach((rank, of) -> runs.add(new SortedRun(rank, of)));
        return runs;
    }

    /** Completes the future if all files are there, or will never be; the caller holds no lock. */
    void completeIfPossible() {
        synchronized (this) {
            if (missing.isEmpty() && manifest == null) {
                VersionEdit state = new VersionEdit();
                files.forEach(added -> state.add(added.rank(), added.file()));
                if (store.options.mergeFunction() != null) {
                    state.mergeName(store.options.mergeFunction().name());
                }
                manifest = CheckpointManifest.of(state.lastSequence(sequence).commit(sequence, payload));
            }
        }
        if (manifest != null) {
            settle(() -> completion.complete(null));
        } else {
            Lifecycle.Failure failure = store.lifecycle.failure();
            if (failure != null) {
                fail(store.lifecycle.readOnly(failure));
            }
        }
    }

    /** The files will not come; no effect when they are all there. */
    void fail(StoreException cause) {
        settle(() -> {
            if (manifest == null) {
                completion.completeExceptionally(cause);
            } else {
                completion.complete(null);
            }
        });
    }

    /** Elsewhere, because what hangs on the future may call any method of the store and wait for what the caller does. */
    private void settle(Runnable outcome) {
        if (settled.compareAndSet(false, true)) {
            boolean handedOver = false;
            try {
                store.shared.executor().execute(BackgroundExecutor.Kind.CALLBACK, outcome);
                handedOver = true;
            } finally {
                if (!handedOver) {
                    settled.setRelease(false); // who could not tell it tries again
                }
            }
        }
    }

    @Override
    public CompletableFuture<Void> completion() {
        return completion;
    }

    @Override
    public List<CheckpointFile> files() {
        return complete().files();
    }

    @Override
    public byte[] metadata() {
        return encoded(complete()).clone();
    }

    @Override
    public void writeTo(FileStore directory) {
        CheckpointManifest state = complete();
        try {
            List<String> present = directory.list();
            if (!present.isEmpty()) {
                throw new IllegalArgumentException("A checkpoint is written to an empty directory, but "
                        + directory.describe() + " holds " + present.size() + " files, " + present.get(0) + " first");
            }
            writeFiles(state, directory);
        } catch (IOException e) {
            throw new StoreIoException("Writing a checkpoint to " + directory.describe() + " failed", e);
        }
    }

    /** All, or none if that can be helped: the metadata last, and taken back first. */
    private void writeFiles(CheckpointManifest state, FileStore directory) throws IOException {
        Deque<String> written = new ArrayDeque<>();
        try {
            for (CheckpointFile file : state.files()) {
                written.push(file.name());
                try {
                    directory.linkFrom(store.files, file.name());
                } catch (FileAlreadyExistsException e) {
                    written.pop(); // somebody else's
                    throw e;
                }
            }
            if (!state.files().isEmpty()) { // else nobody has made the directory yet
                directory.syncDirectory();
            }
            written.push(CheckpointManifest.FILE_NAME);
            if (!directory.putIfAbsent(CheckpointManifest.FILE_NAME, encoded(state))) {
                written.pop();
                throw new IOException("Somebody else has written " + CheckpointManifest.FILE_NAME + " meanwhile");
            }
        } catch (IOException | RuntimeException | Error e) {
            try {
                for (String name : written) {
                    directory.delete(name);
                    if (name.equals(CheckpointManifest.FILE_NAME)) {
                        // It must not come back after a crash without the files that it names.
                        directory.syncDirectory();
                    }
                }
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }

    @Override
    public ReadableFile open(CheckpointFile file) {
        if (!complete().files().contains(file)) {
            throw new IllegalArgumentException("File " + file.name() + " is not part of this checkpoint");
        }
        try {
            return store.files.open(file.name());
        } catch (IOException e) {
            throw new StoreIoException("Opening file " + file.name() + " of a checkpoint failed", e);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            owner.remove(this);
            release();
            fail(new StoreClosedException("The checkpoint is closed"));
        }
    }

    private CheckpointManifest complete() {
        if (closed.get()) {
            throw new StoreClosedException("The checkpoint is closed");
        }
        CheckpointManifest state = manifest;
        if (state == null || !completion.isDone()) {
            throw new IllegalStateException("The checkpoint is not complete yet; wait for completion()");
        }
        return state;
    }

    private byte[] encoded(CheckpointManifest state) {
        synchronized (encoding) {
            if (encoded == null) {
                encoded = state.encode(store.versions.registry().encryption());
            }
            return encoded;
        }
    }

    private void hold(VersionEdit.Added file) {
        file.file().file().retain();
        files.add(file);
    }

    private synchronized void release() {
        released = true;
        files.forEach(added -> added.file().file().release());
    }
}
