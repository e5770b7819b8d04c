package io.forebay.store.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.KeyRange;
import io.forebay.store.sst.Superseded;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.values.ValueShare;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FileMetaCodecTest {
    private static final String ID = "0102030405060708 1112131415161718";
    private static final String BYTES = "f0a204";
    private static final String RANGE = "0202 0161";
    private static final String COUNTS = "0c05 0509 030000";

    private static FileMeta decode(String... parts) {
        byte[] bytes = HexFormat.of().parseHex(String.join("", parts).replace(" ", ""));
        return FileMetaCodec.decode(new FieldReader(bytes, bytes.length, "MANIFEST-7", 1000));
    }

    private static void assertCorrupt(String expected, String... fields) {
        assertThatThrownBy(() -> decode(ID, BYTES, String.join("", fields)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("MANIFEST-7")
                .hasMessageContaining(expected);
    }

    @Test
    void theWorkedExample() {
        FileMeta file = new FileMeta(
                new FileId(0x0102030405060708L, 0x1112131415161718L),
                new SstInfo(70_000, 5, 9, 3, 0, 0, 0, null),
                KeyRange.of(new byte[] {'a'}, null),
                false,
                -1,
                null);
        FieldWriter out = new FieldWriter();
        FileMetaCodec.encode(file, out);
        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo((ID + BYTES + RANGE + COUNTS).replace(" ", ""));
        assertThat(decode(ID, BYTES, RANGE, COUNTS)).isEqualTo(file);
    }

    @Test
    void unknownFieldsAreSkippedOrRefusedByName() {
        assertThat(decode(ID, BYTES, RANGE, COUNTS, "7f03 010203")).isEqualTo(decode(ID, BYTES, RANGE, COUNTS));
        assertThatThrownBy(() -> decode(ID, BYTES, RANGE, COUNTS, "0e00"))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("MANIFEST-7")
                .hasMessageContaining("field 14 of a file in an edit");
    }

    @Test
    void valueFilesComeBack() {
        String shares = "0a16 0102030405060708 1112131415161718 8827 46 b817 00";
        FileMeta file = decode(ID, BYTES, RANGE, shares, COUNTS);
        assertThat(file.info().valueFiles())
                .containsExactly(new ValueShare(0x0102030405060708L, 0x1112131415161718L, 5_000, 70, 3_000, null));
        FieldWriter out = new FieldWriter();
        FileMetaCodec.encode(file, out);
        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo((ID + BYTES + RANGE + shares + COUNTS).replace(" ", ""));
        assertCorrupt("8 bytes", RANGE, "0a00", COUNTS);
    }

    @Test
    void whatIsSupersededComesBack() {
        String superseded = "0b06 bc05 c801 00 28";
        FileMeta file = decode(ID, BYTES, RANGE, superseded, COUNTS);
        assertThat(file.info().superseded()).isEqualTo(new Superseded(700, 200, 0, 40));
        FieldWriter out = new FieldWriter();
        FileMetaCodec.encode(file, out);
        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo((ID + BYTES + RANGE + superseded + COUNTS).replace(" ", ""));
        assertCorrupt("bytes of superseded entries from 0 to 700", RANGE, "0b06 bc05 bd05 00 00", COUNTS);
        assertCorrupt("bytes of superseded values from 0 to 0", RANGE, "0b06 bc05 c801 01 00", COUNTS);
    }

    /** A file that is not here is no damage, and no file to look for in vain. */
    @Test
    void aFileInAnObjectStoreIsRefusedByName() {
        assertThat(decode(ID, BYTES, RANGE, "0801 00", COUNTS)).isEqualTo(decode(ID, BYTES, RANGE, COUNTS));
        String origin = "00000000000000aa 00000000000000bb";
        assertThatThrownBy(() -> decode(ID, BYTES, RANGE, "0817 01", origin, "0462756363 8010", COUNTS))
                .isInstanceOf(CorruptionException.class); // one byte is missing
        assertThatThrownBy(() -> decode(ID, BYTES, RANGE, "0818 01", origin, "0462756363 8010", COUNTS))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("MANIFEST-7 lists 01020304050607081112131415161718.sst")
                .hasMessageContaining("at offset 2048 of object \"bucc\"")
                .hasMessageContaining("store 00000000000000aa00000000000000bb");
        assertCorrupt("kind of a place from 0 to 1", RANGE, "0801 02", COUNTS);
    }

    @Test
    void whatMustBeThereAndFitIsChecked() {
        assertCorrupt("a visible range and counts", RANGE);
        assertCorrupt("a visible range and counts", COUNTS);
        assertCorrupt("a range that holds keys", "0204 0162 0162", COUNTS);
        assertCorrupt("the end of the field", "0205 0162 0163 00", COUNTS);
        assertCorrupt("virtual from 0 to 1", RANGE, "0401 02", COUNTS);
        assertCorrupt("the end of the field", RANGE, "0403 01 05 05", COUNTS);
        assertCorrupt("a step of expiry", RANGE, "0501 00", COUNTS);
        assertCorrupt("a tag above 12", RANGE, COUNTS, COUNTS);
    }
}
