package io.forebay.store.db.state;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.StoreIoException;
import java.io.IOException;

/** What a failure of background work means for a store, from the least severe to the most severe. */
public enum Severity {
    /**
     * A failure of the environment: no space, an I/O error, no memory. The store tries the work again by itself, with
     * new files.
     */
    TRANSIENT,
    /** A failure of code, most likely of a compaction filter. {@link io.forebay.store.Store#resume} tries again. */
    STOPPED,
    /** What is on disk or in memory is not what was written. Only an open, or a restore, can help. */
    FATAL;

    public static Severity of(Throwable cause) {
        if (cause instanceof CorruptionException
                || cause instanceof FormatTooNewException
                || cause instanceof FormatTooOldException
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
