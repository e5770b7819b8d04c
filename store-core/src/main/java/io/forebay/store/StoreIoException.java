package io.forebay.store;

/**
 * A file could not be read or written. The cause is the original {@link java.io.IOException}; the message names the
 * file.
 */
public final class StoreIoException extends StoreException {
    private static final long serialVersionUID = 1L;

    public StoreIoException(String message) {
        super(message);
    }

    public StoreIoException(String message, Throwable cause) {
        super(message, cause);
    }
}
