package io.forebay.store.util;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import java.util.Arrays;

/**
 * Reads the fields that a {@link FieldListWriter} wrote, in a loop that leaves to {@link #skip} what it does not know:
 *
 * <pre>{@code
 * while (fields.next()) {
 *     switch (fields.tag()) {
 *         case LIMIT -> limit = fields.content().number("a limit");
 *         default -> fields.skip();
 *     }
 * }
 * }</pre>
 *
 * What cannot be a list of fields is a {@link CorruptionException}: tags that fall, a tag that is repeated and may not be, a
 * length beyond the end, a content that is longer or shorter than what was read of it. Nothing is copied before a caller reads
 * it. Used by one thread.
 */
public final class FieldListReader {
    private final FieldReader in;
    private final String list;
    private final int[] repeatable;
    private int tag;
    private boolean mayRepeat;
    /** Null before the first field, and when the present one is skipped. */
    private FieldReader content;

    /**
     * @param in the list, up to its end
     * @param list what has the fields, for messages, like "the properties of an SST"
     * @param repeatable known tags that may be repeated
     */
    public FieldListReader(FieldReader in, String list, int... repeatable) {
        this.in = in;
        this.list = list;
        this.repeatable = repeatable.clone();
    }

    /** Ends the field before, of which everything must have been read, and goes to the next one. @return false at the end */
    public boolean next() {
        if (content != null) {
            content.end();
        }
        if (!in.hasMore()) {
            return false;
        }
        FieldReader from = in;
        int next = (int) from.number("the tag of a field", 1, Integer.MAX_VALUE);
        if (next < tag || next == tag && !mayRepeat) {
            throw from.corrupt("a tag above " + tag, "tag " + next);
        }
        tag = next;
        mayRepeat = Arrays.stream(repeatable).anyMatch(known -> known == next);
        content = from.part(from.count("length of field " + tag, 1));
        return true;
    }

    /** The tag of the present field. */
    public int tag() {
        return tag;
    }

    /** The content of the present field. */
    public FieldReader content() {
        return content;
    }

    /**
     * Skips the present field, whose tag is not known.
     *
     * @throws FormatTooNewException when its tag is even: then nobody can understand the list without it
     */
    public void skip() {
        if ((tag & 1) == 0) {
            throw new FormatTooNewException("File " + in.file() + " has field " + tag + " of " + list
                    + ", which this version of Forebay does not know and must not skip."
                    + " Open the store with the version that wrote it.");
        }
        mayRepeat = true;
        content = null;
    }
}
