package io.forebay.store.testing;

import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.crypto.Encryption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Keys that are always the same. */
public final class TestKeys {
    private TestKeys() {}

    /** A provider with these keys, the first one being current; equal ids have equal keys. */
    public static KeyProvider provider(String... ids) {
        Map<String, byte[]> keys = new HashMap<>();
        for (String id : ids) {
            keys.put(id, master(id));
        }
        return KeyProviders.ofKeys(ids[0], keys);
    }

    /** The master key of that id. */
    public static byte[] master(String id) {
        byte[] key = new byte[32];
        new Random(id.hashCode()).nextBytes(key);
        return key;
    }

    /** A provider that knows the id, but not the key. */
    public static KeyProvider impostor(String id) {
        byte[] key = master(id);
        key[0] ^= 1;
        return KeyProviders.ofKeys(id, Map.of(id, key));
    }

    /** Encryption whose data keys, and so all bytes, follow from the seed. */
    public static Encryption seeded(KeyProvider provider, long seed) {
        return Encryption.of(provider, false, new Random(seed)::nextLong);
    }

    /** Encryption with a data key of zeros and the master key "test-1". */
    public static Encryption golden() {
        return Encryption.of(provider("test-1"), false, () -> 0);
    }

    /** True when {@code text} lies anywhere in {@code bytes}. */
    public static boolean contains(byte[] bytes, byte[] text) {
        for (int at = 0; at + text.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + text.length, text, 0, text.length)) {
                return true;
            }
        }
        return false;
    }
}
