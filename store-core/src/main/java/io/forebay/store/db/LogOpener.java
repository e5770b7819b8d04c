package io.forebay.store.db;

import io.forebay.store.Durability;
import io.forebay.store.WriteBatch;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.wal.WalHandler;
import io.forebay.store.wal.WalRecovery;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;

/**
 * The last step of opening a store: brings what logs hold to files, in the same way in which it was written, and begins a
 * new log if the store is to have one.
 *
 * <p>Whatever memtable is full on the way is flushed, and the manifest then says up to where nothing must be replayed; so a
 * crash at any point leaves a state from which the next opening goes on. The old logs are deleted at the end, when the
 * manifest needs none of them.
 */
final class LogOpener implements WalHandler {
    private final StoreContext store;
    private final StoreParts parts;

    LogOpener(StoreContext store, StoreParts parts) {
        this.store = store;
        this.parts = parts;
    }

    /**
     * @throws io.forebay.store.CorruptionException when a log is damaged, missing or of another store; what came before it may
     *     have been flushed, and the next opening finds the same damage
     */
    void open(WalRecovery logs) throws IOException {
        boolean logging = store.options.durability() != Durability.NONE;
        store.keeping(logging || !logs.isEmpty());
        long kept = parts.writes.assigned();
        logs.replay(kept, this);
        if (parts.writes.assigned() > kept) {
            parts.flush();
        }
        WriteAheadLog log = null;
        if (logging) {
            log = begin(logs.nextNumber());
        } else if (!logs.isEmpty()) {
            // also when the manifest needs none: the end of it, which says so, may not be synced
            parts.installer.install(leaving(0, logs.nextNumber()));
        }
        store.keeping(logging);
        parts.writes.begin(log);
        logs.deleteAll();
    }

    private WriteAheadLog begin(long number) throws IOException {
        long id = store.shared.ids().getAsLong() | 1; // 0 stands for none
        WriteAheadLog log = WriteAheadLog.start(
                store.files,
                store.versions.registry().encryption(),
                id,
                number,
                parts.writes.assigned() + 1,
                store.options.durability() == Durability.SYNCED,
                store.shared.limits().logRecordBytes(),
                parts.recovery::failed);
        store.log(log); // closed with the store from here on
        parts.installer.install(leaving(id, number));
        return log;
    }

    /** Nothing in older logs is needed any more: all that was replayed is in files, and stays, batches as a whole. */
    private VersionEdit leaving(long id, long firstNeeded) {
        return new VersionEdit().keep(parts.writes.assigned()).logs(new VersionEdit.Logs(id, firstNeeded));
    }

    @Override
    public void write(long firstSequence, WriteBatch batch) {
        requireNext(firstSequence);
        parts.writes.write(batch);
    }

    @Override
    public void commit(long sequence, byte[] payload) {
        requireNext(sequence);
        store.gate.enterWriter();
        try {
            store.lifecycle.checkWritable();
            store.commits.mark(
                    parts.writes.publishCommit(), payload, store.shared.clock().nanoTime());
        } finally {
            store.gate.leave();
        }
    }

    private void requireNext(long sequence) {
        if (sequence != parts.writes.assigned() + 1) {
            throw new IllegalStateException(
                    "Write " + sequence + " of a log comes after write " + parts.writes.assigned());
        }
    }
}
