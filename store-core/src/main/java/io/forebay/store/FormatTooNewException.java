package io.forebay.store;

/** A file was written by a newer Forebay; the message names the file, its format version and the newest one this build reads. */
public final class FormatTooNewException extends StoreException {
    private static final long serialVersionUID = 1L;

    public FormatTooNewException(String message) {
        super(message);
    }

    public FormatTooNewException(String message, Throwable cause) {
        super(message, cause);
    }
}
