package io.forebay.store;

/**
 * A newer version of Forebay wrote a file. The message names the file, the version of its format, and the newest
 * version that this build reads.
 */
public final class FormatTooNewException extends StoreException {
    private static final long serialVersionUID = 1L;

    public FormatTooNewException(String message) {
        super(message);
    }

    public FormatTooNewException(String message, Throwable cause) {
        super(message, cause);
    }
}
