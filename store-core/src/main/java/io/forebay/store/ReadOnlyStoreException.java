package io.forebay.store;

/**
 * The store takes no writes at present, because a background flush, or a write of the manifest or of the write-ahead
 * log, has failed. The cause is the first failure. Reads go on, and nothing that was committed is lost. Most stores
 * take writes again by themselves when the cause is gone; see {@link Store} and {@link Store#resume()}.
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
