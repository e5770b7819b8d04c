package io.forebay.store.compress;

/**
 * Thrown for bytes that a codec has not made. It has no stack trace: the caller knows the file and the offset, and adds them.
 */
public final class BadPayloadException extends Exception {
    private static final long serialVersionUID = 1L;

    BadPayloadException(String message) {
        super(message, null, false, false);
    }
}
