package io.forebay.store.db;

import io.forebay.store.SortedIngest;
import io.forebay.store.StoreIoException;
import io.forebay.store.db.background.BackgroundErrorHandler;
import io.forebay.store.db.background.FlushScheduler;
import io.forebay.store.db.background.Installer;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.EntryLimits;
import io.forebay.store.flush.SstOutput;
import io.forebay.store.flush.TombstoneFeed;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Callbacks;
import io.forebay.store.util.Failures;
import io.forebay.store.version.FileMeta;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Builds SSTs from sorted entries. The entries are written with sequence number 0. When the files become visible, each
 * file as a whole gets the sequence number that its entries count as. Used by one thread, the writer of the store.
 */
final class IngestImpl implements SortedIngest {
    private final StoreContext store;
    private final FlushScheduler flushes;
    private final Installer installer;
    private final BackgroundErrorHandler errors;
    private final SstOutput output;
    private byte[] lastKey = new byte[64];
    private int lastLength = -1;
    private boolean ended;
    /**
     * True when the files may be visible although the ingest failed, so that their sequence number might be assigned a
     * second time. Then the store must take no further write.
     */
    private boolean mayBeVisible;

    /** Starts an ingest: no other write is taken until the end of it. */
    IngestImpl(StoreContext store, FlushScheduler flushes, Installer installer, BackgroundErrorHandler errors) {
        this.store = store;
        this.errors = errors;
        this.flushes = flushes;
        this.installer = installer;
        output = new SstOutput(store.ingestTarget(), TombstoneFeed.NONE, List.of());
        store.lifecycle.startIngest(Opened.now("ingest", store.shared));
    }

    @Override
    public void add(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        checkOpen();
        EntryLimits.check(key, keyOffset, keyLength, value, valueOffset, valueLength);
        if (lastLength >= 0
                && Arrays.compareUnsigned(lastKey, 0, lastLength, key, keyOffset, keyOffset + keyLength) >= 0) {
            KeyText text = KeyText.forStore(store.options.encryption() != null);
            throw new IllegalArgumentException("Key " + text.of(key, keyOffset, keyLength)
                    + " is not greater than the one before, " + text.of(lastKey, 0, lastLength));
        }
        try {
            output.add(key, keyOffset, keyLength, 0, ValueKind.PUT, value, valueOffset, valueLength);
            remember(key, keyOffset, keyLength);
        } catch (IOException e) {
            throw abandonAfter(failure(e));
        } catch (RuntimeException e) {
            throw abandonAfter(e);
        } catch (Error e) { // the file may end inside the entry, or may hold the entry: it must not be added again
            throw abandonAfter(e);
        }
    }

    private void remember(byte[] key, int offset, int length) {
        if (lastKey.length < length) {
            lastKey = new byte[Math.max(length, lastKey.length * 2)];
        }
        System.arraycopy(key, offset, lastKey, 0, length);
        lastLength = length;
    }

    @Override
    public void finish() {
        checkOpen();
        try {
            List<FileMeta> files = output.finish();
            try {
                if (!files.isEmpty()) {
                    flushMemtables();
                    show(files);
                }
            } finally {
                files.forEach(file -> file.file().release());
            }
        } catch (IOException e) {
            throw abandonAfter(failure(e));
        } catch (RuntimeException e) {
            throw abandonAfter(e);
        } catch (Error e) {
            throw abandonAfter(e);
        }
        end();
    }

    private <E extends Throwable> E abandonAfter(E failure) {
        try {
            end();
        } catch (RuntimeException e) {
            Failures.suppress(failure, e);
        }
        return failure;
    }

    /**
     * Flushes all memtables. Range deletes, and older versions of the keys, must be in files before the new files are
     * installed; so the new files are newer than they.
     */
    private void flushMemtables() {
        long sequence;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkRunning();
            store.active.freeze();
            sequence = store.active.assigned();
        } finally {
            store.gate.leave();
        }
        flushes.awaitFlushed(sequence);
    }

    /**
     * Makes the files visible, inside the gate: so no other thread can fix a state between the files and their sequence
     * number. A close waits for the thread inside the gate. It also ends the wait for the flush; an ingest that goes on
     * after that has no version to install its files into.
     */
    private void show(List<FileMeta> files) throws IOException {
        synchronized (installer) { // before the gate: a job that has it may run code of users that enters the gate
            store.gate.enterWriter();
            try {
                store.lifecycle.checkRunning();
                noted(files);
            } finally {
                store.gate.leave();
            }
        }
    }

    /** The file store, or a key provider, is called inside the gate. */
    private void noted(List<FileMeta> files) throws IOException {
        Callbacks.enter("the end of an ingest (by a file store or a key provider)", store.gate);
        try {
            install(files);
        } finally {
            Callbacks.leave();
        }
    }

    private void install(List<FileMeta> files) throws IOException {
        mayBeVisible = true;
        try {
            installer.ingest(files, store.active.assigned() + 1, store.active::publishOutside);
            mayBeVisible = false;
        } catch (IOException | RuntimeException | Error e) {
            errors.failed(e);
            mayBeVisible = false;
            throw e;
        }
    }

    @Override
    public void close() {
        if (!ended) {
            end();
        }
    }

    private void end() {
        if (!mayBeVisible) {
            store.lifecycle.endIngest();
        }
        ended = true; // after the line above: otherwise the store would wait for an end that cannot be repeated
        output.close();
    }

    private void checkOpen() {
        store.lifecycle.checkRunning();
        if (ended) {
            throw new IllegalStateException("The ingest is finished or closed");
        }
    }

    private StoreIoException failure(IOException e) {
        return new StoreIoException("Ingest into store " + store.options.name() + " failed", e);
    }
}
