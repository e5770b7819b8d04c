package io.forebay.store.db;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.StoreIoException;
import java.io.IOException;

/** What a failure of background work means for a store, from harmless to hopeless. */
enum Severity {
    /** Of the surroundings: no space, an I/O error, no memory. The work is tried again by itself, with new files. */
    TRANSIENT,
    /** Of code, most likely a compaction filter: tried again when somebody asks for it. */
    STOPPED,
    /** What is on disk or in memory is not what was written: only a new open, or a restore, can help. */
    FATAL;

    static Severity of(Throwable cause) {
        if (cause instanceof CorruptionException
                || cause instanceof FormatTooNewException
                || cause instanceof HalfInstalledException) {
            return FATAL;
        }
        return cause instanceof IOException
                        || cause instanceof StoreIoException
                        || cause instanceof MemoryBudgetException
                ? TRANSIENT
                : STOPPED;
    }
}
