package io.forebay.store.compress;

/** Bytes that are not what a codec made. Carries no stack trace: the caller knows file and offset, and says them. */
public final class BadPayloadException extends Exception {
    private static final long serialVersionUID = 1L;

    BadPayloadException(String message) {
        super(message, null, false, false);
    }
}
