package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointFile;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.ReadState;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.state.TrackedMemtable;
import io.forebay.store.io.GuardedFileStore;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Failures;
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
import java.util.concurrent.atomic.AtomicReference;

/**
 * A checkpoint: the files of the version at one moment, plus the files that flushes make of the memtables that are
 * immutable at that moment. It has a reference to each of these files until it is closed.
 *
 * <p>The sets of missing memtables and of files are guarded by the monitor of this object.
 */
final class CheckpointImpl implements Checkpoint {
    /** Reaches nobody. */
    private static final StoreException NOT_TAKEN = new StoreClosedException("The checkpoint was not taken");

    private final StoreContext store;
    private final Checkpoints owner;
    private final long sequence;
    private final byte[] payload;
    private final Opened opened;
    private final CompletableFuture<Void> completion = new CompletableFuture<>();
    /** Whether the outcome is known. The future is completed a moment later. */
    private final AtomicBoolean decided = new AtomicBoolean();

    /** Why the checkpoint is closed; null while it is open. */
    private final AtomicReference<StoreException> closed = new AtomicReference<>();

    /** Memtables that are not in files yet. */
    private final Set<TrackedMemtable> missing;

    private final ArrayList<VersionEdit.Added> files = new ArrayList<>();
    /** A lock of its own for {@link #releaser}. The release of files may take long, and is done without a lock. */
    private final Object releasing = new Object();
    /** The thread that releases the files; null when none does. */
    // Guarded by releasing
    private Thread releaser;
    // Volatile: written by the releaser
    private volatile boolean allReleased;

    // Guarded by this
    private boolean released;
    /** So many of {@link #files} were released. */
    private int releasedFiles;
    // Written under this, read without
    private volatile CheckpointManifest manifest;
    /**
     * A lock of its own for the metadata: the key service may be slow, and flushes wait for the monitor of the
     * checkpoint.
     */
    private final Object encoding = new Object();
    /** The metadata, once it was asked for: encrypted a second time it would have other bytes. */
    // Guarded by encoding
    private byte[] encoded;

    /**
     * @param state the read state right after the freeze
     * @param sequence last write in the state
     * @param payload not copied
     */
    CheckpointImpl(StoreContext store, Checkpoints owner, ReadState state, long sequence, byte[] payload) {
        this.store = store;
        this.owner = owner;
        this.sequence = sequence;
        this.payload = payload;
        opened = Opened.now("checkpoint", store.shared);
        missing = new HashSet<>(List.of(state.immutable));
        boolean whole = false;
        try {
            for (SortedRun run : state.version.runs()) {
                for (FileMeta file : run.files()) {
                    retain(new VersionEdit.Added(run.rank(), file));
                }
            }
            whole = true;
        } finally {
            if (!whole) {
                release();
            }
        }
    }

    Opened opened() {
        return opened;
    }

    /** Takes the files of a flush, if the checkpoint waits for them. */
    synchronized void flushed(List<TrackedMemtable> memtables, List<VersionEdit.Added> made) {
        if (!released && !Collections.disjoint(missing, memtables)) {
            made.forEach(this::retain); // first: when that fails, the checkpoint must go on waiting
            missing.removeAll(memtables);
        }
    }

    /**
     * The runs that this checkpoint has below memtables that are flushed; none when it does not wait for these
     * memtables.
     */
    synchronized List<SortedRun> runsBelow(List<TrackedMemtable> memtables) {
        if (released || Collections.disjoint(missing, memtables)) {
            return List.of();
        }
        Map<Long, List<FileMeta>> byRank = new HashMap<>();
        files.forEach(added ->
                byRank.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(added.file()));
        List<SortedRun> runs = new ArrayList<>();
        byRank.forEach((rank, of) -> runs.add(new SortedRun(rank, of)));
        return runs;
    }

    /**
     * Completes the future if all files are there, or will never be. The caller has no lock.
     *
     * @param failure why no more files come; null when they do
     */
    void tell(StoreException failure) {
        StoreException cause = closed.get();
        if (cause != null) {
            decide(() -> outcome(cause));
        } else if (hasAllFiles()) {
            decide(() -> completion.complete(null));
        } else if (failure != null) {
            decide(() -> outcome(failure));
        }
    }

    private synchronized boolean hasAllFiles() {
        if (missing.isEmpty() && manifest == null && !released) {
            VersionEdit state = new VersionEdit();
            files.forEach(added -> state.add(added.rank(), added.file()));
            if (store.options.mergeFunction() != null) {
                state.mergeName(store.options.mergeFunction().name());
            }
            manifest = CheckpointManifest.of(state.lastSequence(sequence).commit(sequence, payload));
        }
        return manifest != null;
    }

    private void outcome(StoreException cause) {
        if (manifest == null) {
            completion.completeExceptionally(cause);
        } else {
            completion.complete(null);
        }
    }

    /** On a thread for callbacks. There may be no memory for the failure that the future gets. */
    private void complete(Runnable outcome) {
        try {
            run(outcome); // a method of its own: what has no memory at its entry is told again as well
        } finally {
            tellAgainIfOpen();
            leaveIfOver();
        }
    }

    private static void run(Runnable outcome) {
        outcome.run();
    }

    private void tellAgainIfOpen() {
        if (!completion.isDone()) {
            decided.set(false);
            owner.teller().tellAgain();
        }
    }

    /**
     * A closed checkpoint stays with the owner until its future is completed and its files are released: until then it may have to be told
     * again, and the close of the store waits for the release, or goes on with one that was cut off.
     */
    private void leaveIfOver() {
        if (closed.get() != null && allReleased && completion.isDone()) {
            owner.remove(this);
        }
    }

    /** After a close nobody may call again soon. Either this or the close sees what the other one did. */
    private void completeIfClosed() {
        StoreException cause = closed.get();
        if (cause != null && !decided.get()) {
            outcome(cause);
        }
    }

    /**
     * Completes the future on another thread: code that is attached to the future may call any method of the store, and
     * may wait for what the caller of this method does.
     */
    private void decide(Runnable outcome) {
        if (decided.compareAndSet(false, true)) {
            boolean handedOver = false;
            try {
                store.shared.executor().execute(BackgroundExecutor.Kind.CALLBACK, () -> complete(outcome));
                handedOver = true;
            } finally {
                if (!handedOver) {
                    decided.set(false); // a later call tries again
                    completeIfClosed();
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
    public void writeTo(FileStore to) {
        CheckpointManifest state = complete();
        FileStore directory = GuardedFileStore.of(to);
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

    /** Writes all files, or none if possible. The metadata is written last, and deleted first. */
    private void writeFiles(CheckpointManifest state, FileStore directory) throws IOException {
        Deque<String> written = new ArrayDeque<>();
        try {
            for (CheckpointFile file : state.files()) {
                written.push(file.name());
                try {
                    directory.linkFrom(store.files, file.name());
                } catch (FileAlreadyExistsException e) {
                    written.pop(); // the file of another writer
                    throw e;
                }
            }
            if (!state.files().isEmpty()) { // without files the directory may not exist yet
                directory.syncDirectory();
            }
            written.push(CheckpointManifest.FILE_NAME);
            if (!directory.putIfAbsent(CheckpointManifest.FILE_NAME, encoded(state))) {
                written.pop();
                throw new IOException("Another writer has written " + CheckpointManifest.FILE_NAME + " meanwhile");
            }
        } catch (IOException | RuntimeException | Error e) {
            try {
                for (String name : written) {
                    directory.delete(name);
                    if (name.equals(CheckpointManifest.FILE_NAME)) {
                        // The metadata must not come back after a crash without the files that it names.
                        directory.syncDirectory();
                    }
                }
            } catch (IOException suppressed) {
                Failures.suppress(e, suppressed);
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
            return GuardedFileStore.openForUser(store.files, file.name());
        } catch (IOException e) {
            throw new StoreIoException("Opening file " + file.name() + " of a checkpoint failed", e);
        }
    }

    @Override
    public void close() {
        close(new StoreClosedException("The checkpoint is closed"));
    }

    /**
     * Closes the checkpoint. When the completion of the future cannot be handed over, this thread completes it. A second call goes
     * on where the first was cut off.
     *
     * @param cause completes the future of a checkpoint that waits for files
     */
    void close(StoreException cause) {
        closed.compareAndSet(null, cause);
        try {
            release();
        } finally {
            tellClosed(cause);
        }
    }

    private void tellClosed(StoreException cause) {
        try {
            tell(cause);
        } finally {
            completeIfClosed();
            leaveIfOver();
        }
    }

    boolean isClosed() {
        return closed.get() != null;
    }

    /** Closes a checkpoint that no caller has got, because the taking of it was cut off. */
    void giveUp() {
        if (closed.compareAndSet(null, NOT_TAKEN)) {
            owner.remove(this);
            release();
        }
    }

    private CheckpointManifest complete() {
        if (closed.get() != null) {
            throw new StoreClosedException("The checkpoint is closed");
        }
        CheckpointManifest state = manifest;
        if (state == null || !completion.isDone() || completion.isCompletedExceptionally()) {
            throw new IllegalStateException("The checkpoint is not complete; wait for completion()");
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

    private void retain(VersionEdit.Added file) {
        files.ensureCapacity(files.size() + 1); // no reference that nothing knows of
        file.file().file().retain();
        files.add(file);
    }

    /**
     * On return all files are released, maybe by another thread; or this thread releases them, and a file store has called the close.
     * They are closed without the monitor, which flushes wait for.
     */
    private void release() {
        if (!beginRelease()) {
            return;
        }
        try {
            for (FileMeta file; (file = nextToRelease()) != null; ) {
                file.file().release();
            }
            allReleased = true;
        } finally {
            synchronized (releasing) {
                releaser = null;
                releasing.notifyAll();
            }
        }
    }

    /** @return false when this thread is at it already */
    private boolean beginRelease() {
        Thread self = Thread.currentThread();
        boolean interrupted = false;
        synchronized (releasing) {
            if (releaser == self) {
                return false;
            }
            while (releaser != null) { // without an allocation
                Callbacks.checkNone("The close of a checkpoint that another thread is closing");
                try {
                    releasing.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            releaser = self;
        }
        if (interrupted) {
            self.interrupt();
        }
        return true;
    }

    private synchronized FileMeta nextToRelease() {
        released = true;
        return releasedFiles < files.size() ? files.get(releasedFiles++).file() : null;
    }
}
