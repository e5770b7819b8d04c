package io.forebay.store.key;

import io.forebay.store.KeyRange;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How messages show keys. Exceptions, findings and log lines outlive the store and go to places where its files may not go, so
 * keys of an encrypted store are never shown in them. Every message about a key takes its text from here.
 */
public enum KeyText {
    /** For keys of plain files: the first bytes in hexadecimal. */
    PLAIN {
        @Override
        public String of(byte[] key, int offset, int length) {
            if (length == 0) {
                return "(empty)";
            }
            String shown = HexFormat.of().formatHex(key, offset, offset + Math.min(length, SHOWN_BYTES));
            return length > SHOWN_BYTES ? shown + "... (" + length + " bytes)" : shown;
        }
    },
    /** For keys of encrypted files, or of files that may be encrypted: only the length. */
    HIDDEN {
        @Override
        public String of(byte[] key, int offset, int length) {
            return "(" + length + " bytes, not shown because of encryption)";
        }
    };

    private static final int SHOWN_BYTES = 32;

    /** @param keyIds ids of the master keys of all files that the keys are from; null for a plain file */
    public static KeyText forFiles(String... keyIds) {
        return forStore(Arrays.stream(keyIds).anyMatch(id -> id != null));
    }

    public static KeyText forStore(boolean encrypted) {
        return encrypted ? HIDDEN : PLAIN;
    }

    public abstract String of(byte[] key, int offset, int length);

    public String of(byte[] key) {
        return of(key, 0, key.length);
    }

    /** @param to null for no upper bound */
    public String range(byte[] from, byte[] to) {
        return "[" + of(from) + ", " + (to == null ? "end" : of(to)) + ")";
    }

    public String of(KeyRange range) {
        return range(range.from(), range.to());
    }
}
