package io.forebay.store.db.write;

import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.util.Objects;

/** The limits of keys, values and payloads. */
public final class EntryLimits {
    private EntryLimits() {}

    public static void check(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.checkFromIndexSize(keyOffset, keyLength, key.length);
        Objects.checkFromIndexSize(valueOffset, valueLength, value.length);
        checkLengths(keyLength, valueLength);
    }

    /**
     * Checks the payload of a commit, a checkpoint or a restore.
     *
     * @return the payload
     */
    public static byte[] checkPayload(byte[] payload) {
        if (Objects.requireNonNull(payload, "payload").length > Store.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("Payload of " + payload.length + " bytes; a payload has at most "
                    + Store.MAX_PAYLOAD_BYTES + " bytes");
        }
        return payload;
    }

    static void checkMergeable(StoreOptions options) {
        if (options.mergeFunction() == null) {
            throw new IllegalStateException(
                    "Store " + options.name() + " was opened without a merge function; set StoreOptions.mergeFunction");
        }
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
