package io.forebay.store.crypto;

import io.forebay.store.KeyProvider;
import io.forebay.store.util.Utf8;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * Master keys in memory. Data keys are wrapped by AES key wrap (RFC 3394). It needs no nonce, so that any number of files may
 * share a master key, and detects a wrong key and altered bytes. Immutable.
 */
public final class LocalKeyProvider implements KeyProvider {
    private static final String KEY_WRAP = "AESWrap";

    private final String currentKeyId;
    private final Map<String, SecretKey> masterKeys = new HashMap<>();

    /** @param keys 32 bytes each; copied */
    public LocalKeyProvider(String currentKeyId, Map<String, byte[]> keys) {
        this.currentKeyId = Objects.requireNonNull(currentKeyId, "currentKeyId");
        keys.forEach((id, key) -> {
            int idBytes = Utf8.requireReadable("Key id", id).getBytes(StandardCharsets.UTF_8).length;
            if (idBytes == 0 || idBytes > MAX_KEY_ID_BYTES) {
                throw new IllegalArgumentException(
                        "Key id \"" + id + "\" has " + idBytes + " bytes, must have 1 to " + MAX_KEY_ID_BYTES);
            }
            if (key.length != FileCipher.KEY_BYTES) {
                throw new IllegalArgumentException(
                        "Key \"" + id + "\" has " + key.length + " bytes, must have " + FileCipher.KEY_BYTES);
            }
            masterKeys.put(id, new SecretKeySpec(key, "AES"));
        });
        if (!masterKeys.containsKey(currentKeyId)) {
            throw new IllegalArgumentException(
                    "The current key \"" + currentKeyId + "\" is not among the keys " + masterKeys.keySet());
        }
    }

    @Override
    public String currentKeyId() {
        return currentKeyId;
    }

    @Override
    public WrappedKey wrap(byte[] dataKey) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(KEY_WRAP);
        cipher.init(Cipher.WRAP_MODE, masterKeys.get(currentKeyId));
        return new WrappedKey(currentKeyId, cipher.wrap(new SecretKeySpec(dataKey, "AES")));
    }

    @Override
    public byte[] unwrap(String keyId, byte[] wrapped) throws GeneralSecurityException {
        SecretKey master = masterKeys.get(keyId);
        if (master == null) {
            return null;
        }
        Cipher cipher = Cipher.getInstance(KEY_WRAP);
        cipher.init(Cipher.UNWRAP_MODE, master);
        return cipher.unwrap(wrapped, "AES", Cipher.SECRET_KEY).getEncoded();
    }

    @Override
    public String toString() {
        return "LocalKeyProvider[current " + currentKeyId + " of " + masterKeys.keySet() + "]";
    }
}
