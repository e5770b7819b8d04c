package io.forebay.store;

/**
 * The directory is in use by another open store, in this process or in another one. The message names the directory
 * and, where known, the owner.
 */
public final class StoreLockedException extends StoreException {
    private static final long serialVersionUID = 1L;

    public StoreLockedException(String message) {
        super(message);
    }

    public StoreLockedException(String message, Throwable cause) {
        super(message, cause);
    }
}
