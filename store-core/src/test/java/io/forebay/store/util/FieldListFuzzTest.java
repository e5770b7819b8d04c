package io.forebay.store.util;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.util.Arrays;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Any bytes as a list of fields, for a reader that knows some of them and meets others. */
class FieldListFuzzTest extends FuzzTests {
    private static final int NUMBER = 2;
    private static final int NAME = 4;
    private static final int HINT = 5;

    static final FuzzTarget FIELDS =
            FuzzTarget.of("fields", FieldListFuzzTest::decode).seeds(known(), unknown());

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void fields(byte[] input) {
        FIELDS.accept(input);
    }

    private static void decode(byte[] input) {
        FieldWriter out = new FieldWriter();
        FieldListWriter again = new FieldListWriter(out);
        FieldListReader fields = new FieldListReader(new FieldReader(input, input.length, "fuzzed", 0), "a test", NAME);
        int skipped = 0;
        int last = 0;
        for (int left = input.length; fields.next(); left -= 2) {
            require(left >= 2, "a field takes two bytes at least");
            require(fields.tag() >= last, "tags that do not fall");
            last = fields.tag();
            switch (last) {
                case NUMBER -> again.field(NUMBER).number(fields.content().number());
                case NAME -> again.repeatedField(NAME).string(fields.content().string("a name"));
                case HINT -> again.field(HINT).fixed(fields.content().fixed());
                default -> {
                    fields.skip();
                    require((last & 1) == 1, "an even tag is not skipped");
                    skipped++;
                }
            }
        }
        again.end();
        byte[] bytes = out.toByteArray();
        require(skipped == 0 ? Arrays.equals(bytes, input) : bytes.length < input.length, "the same fields again");
    }

    private static byte[] known() {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        fields.field(NUMBER).number(1L << 40);
        fields.repeatedField(NAME).string(new byte[] {'a', 'b'});
        fields.repeatedField(NAME).string(new byte[0]);
        fields.field(HINT).fixed(-1);
        fields.end();
        return out.toByteArray();
    }

    private static byte[] unknown() {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        fields.field(1).bytes(new byte[200]);
        fields.field(NUMBER).number(7);
        fields.field(HINT + 2);
        fields.field(1001).octet(3);
        fields.end();
        return out.toByteArray();
    }
}
