package io.forebay.store.util;

/**
 * Writes a list of fields:
 *
 * <pre>
 * Fields --&gt; Field*                           up to the end of what holds the list
 * Field  --&gt; tag:varint  length:varint  content:length
 * </pre>
 *
 * Tags are positive and rise, except those that may be repeated. A reader skips a field that it does not know if the tag is
 * odd, and refuses the file by name if the tag is even. So an odd tag is for hints: whoever writes a list anew leaves out what
 * he does not know, and that may cost time or space, but must not change an answer.
 *
 * <p><i>Example.</i> Tag 2 with the number 300 and tag 5 with the text "a" are {@code 02 02 AC 02, 05 01 61}. A reader that
 * knows neither of them refuses the list because of tag 2; one that knows tag 2 only reads the number and goes on.
 *
 * <p>{@link FieldListReader} reads it. Used by one thread.
 */
public final class FieldListWriter {
    private final FieldWriter out;
    private final FieldWriter content = new FieldWriter();
    /** The tag of the field that is being filled, or was written last; 0 at first. */
    private int tag;

    private boolean open;

    /** @param out gets the list, after what it has */
    public FieldListWriter(FieldWriter out) {
        this.out = out;
    }

    /** Ends the field before and starts the next one. @return its content, to be filled before the next call */
    public FieldWriter field(int newTag) {
        return start(newTag, tag + 1);
    }

    /** As {@link #field}, for a tag that may be that of the field before. */
    public FieldWriter repeatedField(int newTag) {
        return start(newTag, tag);
    }

    private FieldWriter start(int newTag, int least) {
        if (newTag < Math.max(1, least)) {
            throw new IllegalStateException("Field " + newTag + " is written after field " + tag);
        }
        end();
        tag = newTag;
        open = true;
        return content;
    }

    /** Ends the last field. Without this call it is not written. */
    public void end() {
        if (open) {
            out.number(tag).number(content.size()).append(content);
            content.clear();
            open = false;
        }
    }
}
