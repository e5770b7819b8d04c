package io.forebay.store.util;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Names that are written to files. */
public final class Utf8 {
    private Utf8() {}

    /**
     * Checks that a name is the same after it was written as UTF-8 and read.
     *
     * @param what begins the message of the error
     * @return {@code name}
     * @throws NullPointerException with a message when it is null
     * @throws IllegalArgumentException when it has half of a surrogate pair, which UTF-8 has no bytes for
     */
    public static String requireReadable(String what, String name) {
        Objects.requireNonNull(name, () -> what + " is null; give one");
        try {
            StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name)); // reports what it cannot encode
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    what + " \"" + name
                            + "\" has half of a surrogate pair, so it could not be read back; choose another",
                    e);
        }
        return name;
    }
}
