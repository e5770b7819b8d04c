package io.forebay.store.harness.metamorphic;

import io.forebay.store.KeyRange;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * Bytes as words of the language: letters and digits stand for themselves, other bytes are {@code \xx} in hex, {@code -} is
 * empty, and {@code ab~7} is abababa.
 */
final class Words {
    static final String NOW = "now";
    static final String FORWARD = "forward";
    static final String REVERSE = "reverse";
    static final String NO_BOUND = "*";
    private static final String EMPTY = "-";
    /** Longer values show their beginning, length and checksum only. */
    private static final int SHOWN_BYTES = 40;

    private Words() {}

    static byte[] bytes(String word) {
        int tilde = word.indexOf('~');
        if (tilde >= 0) {
            byte[] pattern = bytes(word.substring(0, tilde));
            byte[] repeated = new byte[Integer.parseInt(word.substring(tilde + 1))];
            for (int i = 0; i < repeated.length; i++) {
                repeated[i] = pattern[i % pattern.length];
            }
            return repeated;
        }
        if (word.equals(EMPTY)) {
            return new byte[0];
        }
        if (word.indexOf('\\') < 0) {
            return word.getBytes(StandardCharsets.ISO_8859_1);
        }
        byte[] bytes = new byte[word.length()];
        int length = 0;
        for (int at = 0; at < word.length(); at++) {
            if (word.charAt(at) == '\\') {
                bytes[length++] = (byte) HexFormat.fromHexDigits(word, at + 1, at + 3);
                at += 2;
            } else {
                bytes[length++] = (byte) word.charAt(at);
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    /** The inverse of {@link #bytes}, without repetitions. */
    static String word(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : escaped(bytes, bytes.length);
    }

    static byte[] bound(String word) {
        return word.equals(NO_BOUND) ? null : bytes(word);
    }

    static String bound(byte[] bytes) {
        return bytes == null ? NO_BOUND : word(bytes);
    }

    /** Of {@code [from,to)}. */
    static KeyRange range(String word) {
        int comma = word.indexOf(',');
        if (!word.startsWith("[") || !word.endsWith(")") || comma < 0) {
            throw new IllegalArgumentException("A range is [from,to), and not " + word);
        }
        return KeyRange.of(bytes(word.substring(1, comma)), bound(word.substring(comma + 1, word.length() - 1)));
    }

    static String range(byte[] from, byte[] to) {
        return "[" + (from == null ? EMPTY : word(from)) + "," + bound(to) + ")";
    }

    /** For results: a word, cut when it is long. */
    static String shown(byte[] bytes) {
        if (bytes.length <= SHOWN_BYTES) {
            return word(bytes);
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return escaped(bytes, 12) + "..." + bytes.length + "#" + Long.toHexString(crc.getValue());
    }

    private static String escaped(byte[] bytes, int length) {
        StringBuilder text = new StringBuilder(length + 8);
        for (int i = 0; i < length; i++) {
            char c = (char) (bytes[i] & 0xFF);
            if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z') {
                text.append(c);
            } else {
                text.append('\\').append(HexFormat.of().toHexDigits((byte) c));
            }
        }
        return text.toString();
    }
}
