package io.forebay.store.crypto;

import io.forebay.store.KeyProvider;
import io.forebay.store.util.Callbacks;
import java.io.IOException;
import java.security.GeneralSecurityException;

/**
 * The key provider of the user, which is called while a file is created or opened and other threads may wait for that:
 * {@link Callbacks} notes each call. Thread-safe if the provider is.
 */
record GuardedKeys(KeyProvider keys) implements KeyProvider {
    private static final String WHAT = "a key provider";

    @Override
    public String currentKeyId() {
        Callbacks.enter(WHAT, Callbacks.ANYTHING);
        try {
            return keys.currentKeyId();
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
        Callbacks.enter(WHAT, Callbacks.ANYTHING);
        try {
            return keys.wrap(dataKey);
        } finally {
            Callbacks.leave();
        }
    }

    @Override
    public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
        Callbacks.enter(WHAT, Callbacks.ANYTHING);
        try {
            return keys.unwrap(keyId, wrapped);
        } finally {
            Callbacks.leave();
        }
    }
}
