package io.forebay.kafka.config;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import org.apache.kafka.common.config.ConfigException;

/**
 * Refuses unknown keys that start with {@code forebay.}: without this check a misspelt key would silently leave the default
 * of the setting in place.
 */
final class UnknownKeys {
    private static final String PREFIX = "forebay.";

    private UnknownKeys() {}

    /** @throws ConfigException that names the first unknown key, and the known key that is closest to it */
    static void refuse(Collection<?> keys, Collection<String> known) {
        for (Object key : keys) {
            if (key instanceof String text && text.startsWith(PREFIX) && !known.contains(text)) {
                throw new ConfigException(
                        "Unknown configuration " + text + ": did you mean " + closest(text, known) + "?");
            }
        }
    }

    private static String closest(String key, Collection<String> known) {
        return Collections.max(
                known,
                Comparator.comparingInt((String candidate) -> common(key, candidate))
                        .thenComparingInt(candidate -> -candidate.length()));
    }

    /** The length of the longest common subsequence of characters. */
    private static int common(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int i = 0; i < one.length(); i++) {
            int diagonal = 0;
            for (int j = 1; j <= other.length(); j++) {
                int above = row[j];
                row[j] = one.charAt(i) == other.charAt(j - 1) ? diagonal + 1 : Math.max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[other.length()];
    }
}
