package io.forebay.store.db.state;

import io.forebay.store.StoreException;

/**
 * An edit is durable in the manifest, and could not be shown to readers. Only an open brings the store to one state
 * again.
 */
public final class HalfInstalledException extends StoreException {
    private static final long serialVersionUID = 1L;

    public HalfInstalledException(Throwable cause) {
        super("a change of the manifest is durable, but could not be taken over in memory: " + cause, cause);
    }
}
