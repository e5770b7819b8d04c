package io.forebay.store.io;

/** Which names files may have, and the names that a local directory reserves. Thread-safe, without state. */
final class FileNames {
    /** Locked while a store is open; never listed. */
    static final String LOCK = "LOCK";
    /** Suffix of files that are not complete yet, whichever program makes them; never listed. */
    static final String TEMPORARY = ".tmp";
    /** Suffix of the temporary files that a local directory makes itself and may remove. No other program uses it. */
    static final String OWN_TEMPORARY = ".forebay" + TEMPORARY;

    private FileNames() {}

    /** @throws IllegalArgumentException when {@code name} has other characters than allowed, or is reserved */
    static String check(String name) {
        boolean plain = !name.isEmpty() && name.charAt(0) != '.' && isVisible(name);
        for (int i = 0; plain && i < name.length(); i++) {
            char c = name.charAt(i);
            plain = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '.'
                    || c == '-'
                    || c == '_';
        }
        if (!plain) {
            throw new IllegalArgumentException(
                    "File name \"" + name + "\" must be made of letters, digits, '.', '-' and"
                            + " '_', not start with '.', and not be " + LOCK + " or end in " + TEMPORARY);
        }
        return name;
    }

    static boolean isVisible(String name) {
        return !name.equals(LOCK) && !name.endsWith(TEMPORARY);
    }
}
