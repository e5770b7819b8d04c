package io.forebay.store;

import io.forebay.store.crypto.LocalKeyProvider;
import java.util.Map;

/** The key providers that come with Forebay. */
public final class KeyProviders {
    private KeyProviders() {}

    /**
     * Master keys in the memory of this process. Data keys are wrapped by AES key wrap (RFC 3394). To rotate keys, make
     * another provider that has the new key as well, as its current key.
     *
     * @param currentKeyId key of {@code masterKeys} that new files use
     * @param masterKeys 256-bit keys (32 bytes each) by their ids; copied, so the caller may overwrite its arrays
     * @throws IllegalArgumentException when the current key is not among the keys, or a key has another length
     */
    public static KeyProvider ofKeys(String currentKeyId, Map<String, byte[]> masterKeys) {
        return new LocalKeyProvider(currentKeyId, masterKeys);
    }
}
