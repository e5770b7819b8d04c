package io.forebay.store;

/**
 * A file is there and may well be whole, but cannot be read or written for want of a key: it is encrypted and the store was
 * opened without a {@link KeyProvider}, the provider has no such key, or it refuses; or the file is plain and the store
 * takes encrypted ones only. Nothing has changed on disk; the message names the remedy.
 */
public final class EncryptionException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final String keyId;

    /**
     * @param file name of the file inside its store directory, not null
     * @param keyId of the master key in question, or null when there is none
     */
    public EncryptionException(String message, String file, String keyId, Throwable cause) {
        super(message, cause);
        this.file = file;
        this.keyId = keyId;
    }

    public String file() {
        return file;
    }

    /** Null when no key is in question. */
    public String keyId() {
        return keyId;
    }
}
