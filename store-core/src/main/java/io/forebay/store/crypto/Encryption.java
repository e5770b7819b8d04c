package io.forebay.store.crypto;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.KeyProvider;
import io.forebay.store.util.SecureIds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * How the files of one store are encrypted, or that they are plain. Makes the ciphers of new files and of existing files.
 * Thread-safe.
 */
public final class Encryption {
    /** New files are plain, and only plain files can be read. */
    public static final Encryption NONE = new Encryption(null, false, null);

    private final KeyProvider keys;
    private final boolean encryptedOnly;
    private final LongSupplier random;

    private Encryption(KeyProvider keys, boolean encryptedOnly, LongSupplier random) {
        this.keys = keys;
        this.encryptedOnly = encryptedOnly;
        this.random = random;
    }

    /** @param keys null for {@link #NONE} */
    public static Encryption of(KeyProvider keys, boolean encryptedOnly) {
        return of(keys, encryptedOnly, keys == null ? null : new SecureIds());
    }

    /** @param random source of data keys, 64 bits at a time; must be secure, except in tests */
    public static Encryption of(KeyProvider keys, boolean encryptedOnly, LongSupplier random) {
        return keys == null ? NONE : new Encryption(new GuardedKeys(keys), encryptedOnly, random);
    }

    /** True when new files are encrypted. */
    public boolean isOn() {
        return keys != null;
    }

    /** Id of the master key of new files; null when they are plain. */
    public String currentKeyId() {
        return keys == null ? null : keys.currentKeyId();
    }

    /**
     * The cipher of a new file with a data key of its own, or null when new files are plain.
     *
     * @throws IOException when the key service cannot be reached
     * @throws EncryptionException when the provider does not wrap the key
     */
    public FileCipher create(String file) throws IOException {
        if (keys == null) {
            return null;
        }
        byte[] dataKey = new byte[FileCipher.KEY_BYTES];
        ByteBuffer words = ByteBuffer.wrap(dataKey);
        while (words.hasRemaining()) {
            words.putLong(random.getAsLong());
        }
        byte[] lent = dataKey.clone();
        try {
            return new FileCipher(dataKey, KeyEnvelope.of(keys.wrap(lent)), file);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new EncryptionException(
                    "The data key of new file " + file + " could not be wrapped with the current key \""
                            + keys.currentKeyId() + "\". Check the key provider.",
                    file,
                    keys.currentKeyId(),
                    e);
        } finally {
            Arrays.fill(lent, (byte) 0);
            Arrays.fill(dataKey, (byte) 0);
        }
    }

    /**
     * The cipher of a file that is encrypted.
     *
     * @param offset of the envelope in the file, for the error
     * @throws EncryptionException when there is no provider, or the provider does not have the master key
     * @throws CorruptionException when the master key is another one, or the envelope was altered
     * @throws IOException when the key service cannot be reached
     */
    public FileCipher open(KeyEnvelope envelope, String file, long offset) throws IOException {
        String keyId = envelope.keyId();
        if (keys == null) {
            throw new EncryptionException(
                    "File " + file + " is encrypted, its data key is wrapped with key \"" + keyId
                            + "\", and no keys were"
                            + " given. Give a KeyProvider that has this key, as for stores with StoreOptions.encryption.",
                    file,
                    keyId,
                    null);
        }
        byte[] dataKey = null;
        try {
            dataKey = keys.unwrap(keyId, envelope.wrapped());
            if (dataKey == null) {
                throw new EncryptionException(
                        "File " + file + " needs key \"" + keyId
                                + "\", which the key provider does not have. Add the key to it.",
                        file,
                        keyId,
                        null);
            }
            if (dataKey.length != FileCipher.KEY_BYTES) {
                throw new EncryptionException(
                        "The key provider unwrapped the data key of " + file + " with key \"" + keyId + "\" to "
                                + dataKey.length + " bytes instead of " + FileCipher.KEY_BYTES
                                + ". Correct the provider.",
                        file,
                        keyId,
                        null);
            }
            return new FileCipher(dataKey, envelope, file);
        } catch (GeneralSecurityException e) {
            CorruptionException corruption = new CorruptionException(
                    file,
                    offset,
                    "a data key that was wrapped with key \"" + keyId + "\"",
                    "one that was altered, or wrapped with another key of this name");
            corruption.initCause(e);
            throw corruption;
        } finally {
            if (dataKey != null) {
                Arrays.fill(dataKey, (byte) 0);
            }
        }
    }

    /**
     * Checks that a plain file may be read.
     *
     * @throws EncryptionException when the store takes encrypted files only
     */
    public void checkPlain(String file) {
        if (encryptedOnly) {
            throw new EncryptionException(
                    "File " + file + " is not encrypted, and this store takes encrypted files only. If it is a store"
                            + " that is being encrypted, open it without StoreOptions.encryptedOnly and compact it;"
                            + " otherwise the file was replaced.",
                    file,
                    null,
                    null);
        }
    }
}
