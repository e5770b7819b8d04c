package io.forebay.kafka.offsets;

/** Thrown when the payload of a commit cannot be read. */
public final class PayloadException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PayloadException(String message) {
        super(message);
    }

    PayloadException(String message, Throwable cause) {
        super(message, cause);
    }
}
