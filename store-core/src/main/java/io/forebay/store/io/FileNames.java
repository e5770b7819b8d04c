package io.forebay.store.io;

/** What a file may be called, and the names that a local directory keeps to itself. */
final class FileNames {
    /** Locked while a store is open; never listed. */
    static final String LOCK = "LOCK";
    /** Suffix of files that are not complete yet, whoever makes them; never listed. */
    static final String TEMPORARY = ".tmp";
    /** Suffix of those that a local directory makes itself, and may remove: nobody else calls a file like that. */
    static final String OWN_TEMPORARY = ".forebay" + TEMPORARY;

    private FileNames() {}

    /** @throws IllegalArgumentException when {@code name} is not plain ASCII, or is kept by the directory itself */
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
                            + " '_', not begin with '.', and not be " + LOCK + " or end in " + TEMPORARY);
        }
        return name;
    }

    static boolean isVisible(String name) {
        return !name.equals(LOCK) && !name.endsWith(TEMPORARY);
    }
}
