package io.forebay.store.db.read;

import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.io.FileMapping;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.iter.UserIterator;
import io.forebay.store.util.PendingErrors;
import java.io.IOException;
import java.util.List;

/** The errors of calls that read through cursors, which may read mapped files in place. Thread-safe, without state. */
final class ReadErrors {
    /** Whether files may be mapped. */
    private static final boolean MAPPED = MappedFiles.isPossible();

    private ReadErrors() {}

    /** Called when a call has read all that it returns: throws what the JVM has to say about mapped memory. */
    static void settle() {
        if (MAPPED) {
            PendingErrors.raise();
        }
    }

    /**
     * The exception for a call that has failed with {@code e}.
     *
     * @param iterator over the cursors of the call; null when they were not read yet
     * @throws Error when {@code e} is one, but for one of mapped memory
     */
    static RuntimeException failure(StoreContext store, UserIterator iterator, Throwable e) {
        if (e instanceof IOException io) {
            return unreadable(store, io);
        }
        InternalError fault = PendingErrors.behind(e);
        List<String> mapped = fault == null || iterator == null ? List.of() : iterator.mappedFiles();
        if (!mapped.isEmpty()) {
            return unreadable(store, FileMapping.unreadable(mapped, fault));
        }
        if (e instanceof Error error) {
            throw error;
        }
        return (RuntimeException) e;
    }

    static StoreException unreadable(StoreContext store, IOException e) {
        store.lifecycle.checkReadable(); // the files of a closed store may be gone
        return new StoreIoException("Reading store " + store.options.name() + " failed", e);
    }
}
