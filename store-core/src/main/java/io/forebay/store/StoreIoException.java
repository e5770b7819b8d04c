package io.forebay.store;

/** Reading or writing a file failed; the cause is the original IOException and the message names the file. */
public final class StoreIoException extends StoreException {
    private static final long serialVersionUID = 1L;

    public StoreIoException(String message) {
        super(message);
    }

    public StoreIoException(String message, Throwable cause) {
        super(message, cause);
    }
}
