package io.forebay.store;

/** Base of everything a store throws for reasons other than a wrong argument. Unchecked; the message names the remedy. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
