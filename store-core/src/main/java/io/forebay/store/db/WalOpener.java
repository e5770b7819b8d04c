package io.forebay.store.db;

import io.forebay.store.Durability;
import io.forebay.store.WriteBatch;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.wal.WalHandler;
import io.forebay.store.wal.WalRecovery;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;

/**
 * The last step of opening a store: replays the logs, in the same way in which the writes came, and starts a new log if
 * the store is to have one. Used by one thread.
 *
 * <p>A memtable that fills up on the way is flushed. The manifest then says up to where the logs need not be replayed,
 * so a crash at any point leaves a state from which the next open goes on. The old logs are deleted at the end, when
 * the manifest needs none of them.
 */
final class WalOpener implements WalHandler {
    private final StoreContext store;
    private final StoreParts parts;

    WalOpener(StoreContext store, StoreParts parts) {
        this.store = store;
        this.parts = parts;
    }

    /**
     * @throws io.forebay.store.CorruptionException when a log is damaged, missing or of another store; writes before
     *     the damage may have been flushed, and the next open finds the same damage
     */
    void open(WalRecovery logs) throws IOException {
        boolean logging = store.options.durability() != Durability.NONE;
        store.keeping(logging || !logs.isEmpty());
        long kept = store.active.assigned();
        logs.replay(kept, this);
        if (store.active.assigned() > kept) {
            parts.flush();
        }
        if (store.versions.openFailure() == null) {
            logs.deleteUnneeded(); // on a full disk each open that fails would leave one more
        }
        WriteAheadLog log = null;
        if (logging) {
            log = begin(logs.nextNumber());
        } else if (!logs.isEmpty()) {
            // also when the manifest needs no log: its last edit, which says so, may not be synced
            parts.installer.install(leaving(0, logs.nextNumber()));
        }
        store.keeping(logging);
        parts.writes.begin(log);
        logs.deleteAll();
    }

    private WriteAheadLog begin(long number) throws IOException {
        long id = store.shared.ids().getAsLong() | 1; // 0 stands for no log
        WriteAheadLog log = WriteAheadLog.start(
                store.files,
                store.versions.registry().encryption(),
                id,
                number,
                store.active.assigned() + 1,
                store.options.durability() == Durability.SYNCED,
                store.shared.limits().logRecordBytes(),
                parts.errors::failed);
        store.log(log); // from here on the store closes the log
        parts.installer.install(leaving(id, number));
        return log;
    }

    /**
     * The edit by which the store leaves the older logs: all writes replayed from them are in files and are kept,
     * batches as a whole.
     */
    private VersionEdit leaving(long id, long firstNeeded) {
        return new VersionEdit().keep(store.active.assigned()).logs(new VersionEdit.Logs(id, firstNeeded));
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
                    store.active.publishCommit(), payload, store.shared.clock().nanoTime());
        } finally {
            store.gate.leave();
        }
    }

    private void requireNext(long sequence) {
        if (sequence != store.active.assigned() + 1) {
            throw new IllegalStateException(
                    "Write " + sequence + " of a log comes after write " + store.active.assigned());
        }
    }
}
