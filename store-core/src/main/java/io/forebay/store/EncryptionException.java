package io.forebay.store;

/**
 * A file cannot be read or written because of its encryption. Either the file is encrypted and there is no key for it:
 * the store was opened without a {@link KeyProvider}, or the provider does not have the key or refuses it. Or the file
 * is plain, and the store accepts only encrypted files. The file may well be undamaged. Nothing has changed on disk;
 * the message names the remedy.
 */
public final class EncryptionException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final String keyId;

    /**
     * @param message names the remedy
     * @param file name of the file inside its store directory, not null
     * @param keyId id of the master key in question, or null when there is none
     * @param cause what the key provider threw, or null
     */
    public EncryptionException(String message, String file, String keyId, Throwable cause) {
        super(message, cause);
        this.file = file;
        this.keyId = keyId;
    }

    /** Name of the file inside its store directory; not null. */
    public String file() {
        return file;
    }

    /** Id of the master key in question, or null when there is none. */
    public String keyId() {
        return keyId;
    }
}
