package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FieldListTest {
    private static final int OFFSET = 1000;
    private static final int REPEATABLE = 6;

    private static FieldListReader reader(byte[] bytes) {
        return new FieldListReader(new FieldReader(bytes, bytes.length, "f", OFFSET), "a test", REPEATABLE);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", "").replace(",", ""));
    }

    /** What a reader gets that knows tags 2 (a number) and 6 (a text, repeatable). */
    private static List<Object> read(byte[] bytes) {
        List<Object> found = new ArrayList<>();
        FieldListReader fields = reader(bytes);
        while (fields.next()) {
            switch (fields.tag()) {
                case 2 -> found.add(fields.content().number());
                case REPEATABLE -> found.add(fields.content().restAsText("a name"));
                default -> fields.skip();
            }
        }
        return found;
    }

    private static void assertCorrupt(String digits, int offset, String expected) {
        assertThatThrownBy(() -> read(hex(digits)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("file f at offset " + (OFFSET + offset))
                .hasMessageContaining(expected);
    }

    @Test
    void theWorkedExample() {
        FieldWriter out = new FieldWriter();
        FieldListWriter fields = new FieldListWriter(out);
        fields.field(2).number(300);
        fields.field(5).bytes("a".getBytes(StandardCharsets.US_ASCII));
        fields.end();
        assertThat(out.toByteArray()).isEqualTo(hex("02 02 AC 02, 05 01 61"));
        assertThat(read(out.toByteArray())).containsExactly(300L);
    }

    @Test
    void anEmptyListHasNoBytes() {
        FieldWriter out = new FieldWriter();
        new FieldListWriter(out).end();
        assertThat(out.size()).isZero();
        assertThat(reader(new byte[0]).next()).isFalse();
    }

    @Test
    void unknownFieldsAreSkippedOrRefusedByTheirTag() {
        assertThat(read(hex("01 03 FFFFFF 02 01 07 03 00 03 01 09 06 01 61 06 00")))
                .containsExactly(7L, "a", "");
        assertThatThrownBy(() -> read(hex("02 01 07 04 00")))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("File f has field 4 of a test");
    }

    @Test
    void whatIsNoListIsRefusedWithItsPlace() {
        assertCorrupt("00 00", 0, "the tag of a field from 1");
        assertCorrupt("80 80 80 80 10 00", 0, "the tag of a field from 1");
        assertCorrupt("80 00 00", 0, "a number in its shortest form");
        assertCorrupt("02", 1, "a number in its shortest form");
        assertCorrupt("02 01 07 02 01 08", 4, "a tag above 2");
        assertCorrupt("06 00 02 01 07", 3, "a tag above 6");
        assertCorrupt("06 00 06 00 03 00", 5, "a tag above 6");
        assertCorrupt("02 02 07", 2, "2 bytes");
        assertCorrupt("02 03 07", 1, "length of field 2 from 0 to 2");
        assertCorrupt("07 FF FF FF FF FF FF FF FF FF 01", 1, "length of field 7");
        assertCorrupt("02 02 07 08", 3, "the end of the field");
        assertCorrupt("02 01 80", 2, "a number in its shortest form");
        assertCorrupt("02 01 AC 02", 2, "a number in its shortest form");
        assertCorrupt("06 01 FF", 2, "a name in UTF-8");
    }

    @Test
    void aWriterRefusesTagsThatDoNotRise() {
        FieldListWriter fields = new FieldListWriter(new FieldWriter());
        assertThatThrownBy(() -> fields.field(0)).isInstanceOf(IllegalStateException.class);
        fields.repeatedField(6);
        fields.repeatedField(6);
        assertThatThrownBy(() -> fields.field(6)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> fields.repeatedField(5)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void listsInListsComeBack() {
        FieldWriter out = new FieldWriter();
        FieldListWriter outer = new FieldListWriter(out);
        for (int i = 0; i < 3; i++) {
            FieldListWriter inner = new FieldListWriter(outer.repeatedField(REPEATABLE));
            inner.field(2).number(i);
            inner.field(300).octet(i);
            inner.end();
        }
        outer.end();
        FieldListReader fields = reader(out.toByteArray());
        for (int i = 0; i < 3; i++) {
            assertThat(fields.next()).isTrue();
            FieldListReader inner = new FieldListReader(fields.content(), "an inner list");
            assertThat(inner.next()).isTrue();
            assertThat(inner.content().number()).isEqualTo(i);
            assertThat(inner.next()).isTrue();
            assertThat(inner.tag()).isEqualTo(300);
            assertThat(inner.content().octet()).isEqualTo(i);
            assertThat(inner.next()).isFalse();
        }
        assertThat(fields.next()).isFalse();
    }

    @Test
    void randomListsComeBack() {
        Seeded.run(FieldListTest.class, 500, random -> {
            Map<Integer, byte[]> model = new TreeMap<>();
            for (int i = random.nextInt(20); i > 0; i--) {
                byte[] content = new byte[random.nextInt(8) == 0 ? random.nextInt(100_000) : random.nextInt(5)];
                random.nextBytes(content);
                model.put(1 + (random.nextInt() >>> (1 + random.nextInt(30))), content);
            }
            FieldWriter out = new FieldWriter();
            FieldListWriter writer = new FieldListWriter(out);
            model.forEach((tag, content) -> writer.field(tag).bytes(content));
            writer.end();
            FieldListReader fields = reader(out.toByteArray());
            for (Map.Entry<Integer, byte[]> expected : model.entrySet()) {
                assertThat(fields.next()).isTrue();
                assertThat(fields.tag()).isEqualTo(expected.getKey());
                if (random.nextBoolean() && (fields.tag() & 1) == 1) {
                    fields.skip();
                } else {
                    assertThat(fields.content().bytes(expected.getValue().length))
                            .isEqualTo(expected.getValue());
                    assertThat(fields.content().hasMore()).isFalse();
                }
            }
            assertThat(fields.next()).isFalse();
        });
    }
}
