package io.forebay.store.db;

import io.forebay.store.SortedIngest;
import io.forebay.store.StoreIoException;
import io.forebay.store.flush.SstOutput;
import io.forebay.store.flush.TombstoneFeed;
import io.forebay.store.key.KeyText;
import io.forebay.store.key.ValueKind;
import io.forebay.store.version.FileMeta;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Files from sorted entries. The entries are written with sequence number 0; the number that they count as is given to
 * the files as a whole in the moment they become visible.
 */
final class IngestImpl implements SortedIngest {
    private final StoreContext store;
    private final WritePath writes;
    private final FlushScheduler flushes;
    private final Installer installer;
    private final Recovery recovery;
    private final SstOutput output;
    private byte[] lastKey = new byte[64];
    private int lastLength = -1;
    private boolean ended;
    /** True when the files may be visible and their sequence number may be given once more: then no write may come. */
    private boolean unsettled;

    /** Keeps other writes out of the store until the end. */
    IngestImpl(StoreContext store, WritePath writes, FlushScheduler flushes, Installer installer, Recovery recovery) {
        this.store = store;
        this.recovery = recovery;
        this.writes = writes;
        this.flushes = flushes;
        this.installer = installer;
        output = new SstOutput(store.sstTarget().atBottom(), TombstoneFeed.NONE, List.of());
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
        } catch (Error e) { // the file may end in the middle of the entry, or hold it, and then it must not come again
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
            failure.addSuppressed(e);
        }
        return failure;
    }

    /** Range deletes and older versions of the keys must be in files, below the new ones. */
    private void flushMemtables() {
        long sequence;
        store.gate.enterWriter();
        try {
            store.lifecycle.checkRunning();
            writes.freeze();
            sequence = writes.assigned();
        } finally {
            store.gate.leave();
        }
        flushes.awaitFlushed(sequence);
    }

    /**
     * Inside the gate, so that nobody fixes a state between the files and their sequence number. A close waits for who is inside,
     * and the wait for the flush ends with it, too: who comes behind it has nothing to install into.
     */
    private void show(List<FileMeta> files) throws IOException {
        store.gate.enterWriter();
        try {
            store.lifecycle.checkRunning();
            install(files);
        } finally {
            store.gate.leave();
        }
    }

    private void install(List<FileMeta> files) throws IOException {
        unsettled = true;
        try {
            installer.ingest(files, writes.assigned() + 1, writes::publishOutside);
            unsettled = false;
        } catch (IOException | RuntimeException | Error e) {
            recovery.failed(e);
            unsettled = false;
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
        if (!unsettled) {
            store.lifecycle.endIngest();
        }
        ended = true; // behind that: else the store would wait for an end that nobody can repeat
        try {
            output.close();
        } catch (IOException e) {
            throw failure(e);
        }
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
