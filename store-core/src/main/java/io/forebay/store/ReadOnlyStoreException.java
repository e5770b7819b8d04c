package io.forebay.store;

/** A background flush, compaction or manifest write failed, so the store takes no more writes; the cause is the first failure. Reads go on, and everything committed durably is safe. Close the store, remove the cause, open it again. */
public final class ReadOnlyStoreException extends StoreException {
    private static final long serialVersionUID = 1L;

    public ReadOnlyStoreException(String message) {
        super(message);
    }

    public ReadOnlyStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
