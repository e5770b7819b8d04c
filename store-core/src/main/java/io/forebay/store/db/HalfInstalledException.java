package io.forebay.store.db;

import io.forebay.store.StoreException;

/** An edit is in the manifest that the store could not show to its readers: only an open brings both together again. */
final class HalfInstalledException extends StoreException {
    private static final long serialVersionUID = 1L;

    HalfInstalledException(Throwable cause) {
        super("a change of the manifest is durable, but could not be taken over in memory: " + cause, cause);
    }
}
