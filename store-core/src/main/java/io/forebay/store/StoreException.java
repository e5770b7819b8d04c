package io.forebay.store;

/** Base of all that a store throws for reasons other than a wrong argument. Unchecked. The message names the remedy. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
