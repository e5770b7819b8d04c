package io.forebay.store;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.Objects;

/**
 * Where the keys come from that protect the data keys of a store's files: a key management service, or the caller's own
 * memory ({@link KeyProviders}).
 *
 * <p>Every encrypted file has a random 256-bit data key of its own. It is wrapped once, when the file is begun, and the
 * wrapped form is kept in the file beside the id of the master key; it is unwrapped once each time the file is opened. So a
 * master key never touches data, and rotation is a new {@link #currentKeyId()}: new files use it, old files stay readable
 * as long as the provider knows their keys, {@link Store#compact()} rewrites all files, and {@link
 * Store#encryptionKeyIds()} tells which keys are still needed.
 *
 * <p>Called from many threads at once, background threads included; a call may block for as long as a file may take to
 * open. An {@link IOException} is treated like one of the disk: a file that cannot be begun stops a flush, not the process;
 * so does a {@link RuntimeException}, until {@link Store#resume}. It may call {@link Store#get(byte[])} of other stores, but
 * nothing of the one that it is for: a read of the file that is being opened, and whatever would wait for background work or
 * for a writer, like a snapshot, an iterator or a multi-get of a store that is being written to, get {@link
 * IllegalStateException}.
 */
public interface KeyProvider {
    /** Longest key id, in bytes of UTF-8. */
    int MAX_KEY_ID_BYTES = 255;
    /** Longest wrapped form of a data key. */
    int MAX_WRAPPED_BYTES = 4096;

    /**
     * A data key as it lies in a file.
     *
     * @param keyId of the master key; readable on disk, 1 to {@value KeyProvider#MAX_KEY_ID_BYTES} bytes of UTF-8
     * @param bytes only the master key makes a data key of them again; 1 to {@value KeyProvider#MAX_WRAPPED_BYTES} bytes,
     *     not copied
     */
    record WrappedKey(String keyId, byte[] bytes) {
        public WrappedKey {
            Objects.requireNonNull(keyId, "keyId");
            Objects.requireNonNull(bytes, "bytes");
        }
    }

    /** Id of the master key that new files are to be wrapped with; may change at any time. */
    String currentKeyId();

    /**
     * Protects a data key with the current master key.
     *
     * @param dataKey 32 bytes; overwritten with zeros after the call, so it must not be kept
     * @throws IOException when the key service cannot be reached
     * @throws GeneralSecurityException when the key cannot be used
     */
    WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException;

    /**
     * The reverse of {@link #wrap}.
     *
     * @return the 32 bytes of the data key, in an array that the store overwrites after use; null when this provider has no
     *     master key {@code keyId}
     * @throws IOException when the key service cannot be reached
     * @throws GeneralSecurityException when {@code wrapped} was not made with that master key, or has been altered
     */
    byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException;
}
