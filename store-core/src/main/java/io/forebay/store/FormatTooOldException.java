package io.forebay.store;

/**
 * A build of Forebay before the first release wrote a file, in a format that is not read any more. The message names the file,
 * the version of its format, and what to do. Nothing was changed.
 */
public final class FormatTooOldException extends StoreException {
    private static final long serialVersionUID = 1L;

    public FormatTooOldException(String message) {
        super(message);
    }
}
