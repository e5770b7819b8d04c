package io.forebay.store;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.Objects;

/**
 * Gives the master keys that protect the data keys of a store's files: a key management service, or keys in the memory
 * of the caller ({@link KeyProviders}).
 *
 * <p><b>Keys.</b> Every encrypted file has a random 256-bit data key of its own. The data key is wrapped once, when the
 * file is started, and the wrapped key is kept in the file beside the id of the master key. It is unwrapped each time
 * the file is opened. So a master key never encrypts data itself. To rotate keys, return a new {@link #currentKeyId()}:
 * new files use it, and old files stay readable as long as the provider has their keys. {@link Store#compact()}
 * rewrites all files, and {@link Store#encryptionKeyIds()} tells which keys are still needed.
 *
 * <p><b>Threads and errors.</b> Many threads call a provider at once, background threads included. A call may block for
 * as long as the opening of a file may take. An {@link IOException} is treated like one of the disk: when a file cannot
 * be started, the flush stops and not the process. So is a {@link RuntimeException}, but then the flush is tried again
 * only by {@link Store#resume}.
 *
 * <p><b>Calls.</b> A provider may call {@link Store#get(byte[])} of other stores, and nothing of the store that it is
 * for. Calls that throw {@link IllegalStateException}: a read of the file that is being opened, and each call that
 * would wait for background work or for a writer, like a snapshot, an iterator or a {@code multiGet} of a store that is
 * being written to.
 */
public interface KeyProvider {
    /** Longest key id, in bytes of UTF-8. */
    int MAX_KEY_ID_BYTES = 255;
    /** Longest wrapped form of a data key. */
    int MAX_WRAPPED_BYTES = 4096;

    /**
     * A data key as it is stored in a file.
     *
     * @param keyId id of the master key; readable on disk, 1 to {@value KeyProvider#MAX_KEY_ID_BYTES} bytes of UTF-8
     * @param bytes the data key, wrapped: only the master key can unwrap it; 1 to {@value
     *     KeyProvider#MAX_WRAPPED_BYTES} bytes, not copied
     */
    record WrappedKey(String keyId, byte[] bytes) {
        public WrappedKey {
            Objects.requireNonNull(keyId, "keyId");
            Objects.requireNonNull(bytes, "bytes");
        }
    }

    /** Id of the master key that data keys of new files are wrapped with. It may change at any time. */
    String currentKeyId();

    /**
     * Wraps a data key with the current master key.
     *
     * @param dataKey 32 bytes; overwritten with zeros after the call, so the provider must not keep the array
     * @throws IOException when the key service cannot be reached
     * @throws GeneralSecurityException when the master key cannot be used
     */
    WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException;

    /**
     * Unwraps a data key: the reverse of {@link #wrap}.
     *
     * @return the 32 bytes of the data key, in an array that the store overwrites after use; null when this provider
     *     does not have the master key {@code keyId}
     * @throws IOException when the key service cannot be reached
     * @throws GeneralSecurityException when {@code wrapped} was not made with that master key, or has been changed
     */
    byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException;
}
