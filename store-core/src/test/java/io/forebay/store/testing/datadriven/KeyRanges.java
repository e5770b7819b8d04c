package io.forebay.store.testing.datadriven;

import io.forebay.store.KeyRange;
import java.nio.charset.StandardCharsets;

/** Ranges of keys as text: {@code c-g} from c to g, without g; {@code c-} without end; {@code -g} from the first key on. */
public final class KeyRanges {
    private KeyRanges() {}

    public static KeyRange parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 0) {
            throw new IllegalArgumentException("A range is FROM-TO, not " + text);
        }
        String to = text.substring(dash + 1);
        return KeyRange.of(key(text.substring(0, dash)), to.isEmpty() ? null : key(to));
    }

    public static String text(KeyRange range) {
        return text(range.from()) + "-" + (range.to() == null ? "" : text(range.to()));
    }

    public static byte[] key(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Bytes that are no text are shown as numbers. */
    public static String text(byte[] key) {
        StringBuilder text = new StringBuilder();
        for (byte b : key) {
            if (b > ' ' && b < 127) {
                text.append((char) b);
            } else {
                text.append('<').append(b & 0xFF).append('>');
            }
        }
        return text.toString();
    }
}
