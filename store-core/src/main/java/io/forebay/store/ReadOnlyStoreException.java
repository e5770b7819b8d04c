package io.forebay.store;

/**
 * A background flush, or a write of the manifest or the write-ahead log failed, so the store takes no writes at present;
 * the cause is the first failure. Reads go on, and nothing that was committed is lost. Most stores take writes again by
 * themselves once the cause is gone; see {@link Store} and {@link Store#resume()}.
 */
public final class ReadOnlyStoreException extends StoreException {
    private static final long serialVersionUID = 1L;

    public ReadOnlyStoreException(String message) {
        super(message);
    }

    public ReadOnlyStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
