package io.forebay.store.crypto;

import io.forebay.store.KeyProvider;
import io.forebay.store.util.Callbacks;
import java.io.IOException;
import java.security.GeneralSecurityException;

/** A key provider of the user, as files call it that are being opened or begun: others wait for them. */
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
