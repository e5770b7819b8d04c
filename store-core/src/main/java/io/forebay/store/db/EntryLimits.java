package io.forebay.store.db;

import io.forebay.store.Store;
import java.util.Objects;

/** What keys and values a store takes. */
final class EntryLimits {
    private EntryLimits() {}

    static void check(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.checkFromIndexSize(keyOffset, keyLength, key.length);
        Objects.checkFromIndexSize(valueOffset, valueLength, value.length);
        checkLengths(keyLength, valueLength);
    }

    /** Of a commit, a checkpoint or a restore. @return it */
    static byte[] checkPayload(byte[] payload) {
        if (Objects.requireNonNull(payload, "payload").length > Store.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("Payload of " + payload.length + " bytes; a payload has at most "
                    + Store.MAX_PAYLOAD_BYTES + " bytes");
        }
        return payload;
    }

    static void checkLengths(int keyLength, int valueLength) {
        if (keyLength > Store.MAX_KEY_BYTES) {
            throw new IllegalArgumentException(
                    "Key of " + keyLength + " bytes; a key has at most " + Store.MAX_KEY_BYTES + " bytes");
        }
        if (valueLength > Store.MAX_VALUE_BYTES) {
            throw new IllegalArgumentException(
                    "Value of " + valueLength + " bytes; a value has at most " + Store.MAX_VALUE_BYTES + " bytes");
        }
    }
}
