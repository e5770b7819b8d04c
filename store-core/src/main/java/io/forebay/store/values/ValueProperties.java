package io.forebay.store.values;

import io.forebay.store.util.FieldListReader;
import io.forebay.store.util.FieldListWriter;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;

/**
 * What is known about a whole value file. Immutable.
 *
 * <pre>
 * Field --&gt; 01 creation:varint                              milliseconds since the epoch
 *         | 02 values:varint bytes:varint                   number of values; their lengths, added up
 *         | 03 id:16                                        of the file: the one in its name
 * </pre>
 *
 * Fields 02 and 03 are always there. <i>Example.</i> Two values of 1,000 and 500 bytes, created at 0: {@code 01 01 00, 02 03 02 DC 0B},
 * then {@code 03 10} and the id.
 *
 * @param creationMillis milliseconds since the epoch at which the writer was started; 0 when not known
 * @param values how many there are
 * @param valueBytes their lengths, added up
 * @param high upper half of the id of the file
 * @param low lower half of the id
 */
public record ValueProperties(long creationMillis, long values, long valueBytes, long high, long low) {
    private static final int CREATION = 0x01;
    private static final int COUNTS = 0x02;
    private static final int ID = 0x03;

    FieldWriter encode() {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        fields.field(CREATION).number(creationMillis);
        fields.field(COUNTS).number(values).number(valueBytes);
        fields.field(ID).fixed(high).fixed(low);
        fields.end();
        return out;
    }

    /** @param spaceBytes bytes between the magic and the properties, which the values take with {@code overhead} bytes for each */
    static ValueProperties decode(FieldReader in, long spaceBytes, int overhead) {
        FieldListReader fields = new FieldListReader(in, "the properties of a value file");
        long creationMillis = 0;
        long values = -1;
        long valueBytes = 0;
        boolean named = false;
        long high = 0;
        long low = 0;
        while (fields.next()) {
            FieldReader content = fields.content();
            switch (fields.tag()) {
                case CREATION -> creationMillis = content.number();
                case COUNTS -> {
                    values = content.number("a number of values", 1, Math.max(1, spaceBytes / (overhead + 1)));
                    long bytes = spaceBytes - values * overhead;
                    valueBytes = content.number("bytes of values", bytes, bytes);
                }
                case ID -> {
                    high = content.fixed();
                    low = content.fixed();
                    named = true;
                }
                default -> fields.skip();
            }
        }
        if (values < 0) {
            throw in.corrupt("counts of values", "none");
        }
        if (!named) {
            throw in.corrupt("the id of the file", "none");
        }
        return new ValueProperties(creationMillis, values, valueBytes, high, low);
    }
}
