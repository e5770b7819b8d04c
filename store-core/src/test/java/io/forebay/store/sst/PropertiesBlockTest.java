package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Compression;
import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.values.ValueShare;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PropertiesBlockTest {
    private static final String COUNTS = "0206 0200 0000 0208";
    private static final String SEQUENCES = "0402 0304";
    private static final String KEYS = "0604 0161 0162";
    private static final String BLOCKS = "0804 8020 0000";

    private static SstProperties decode(String... fields) {
        byte[] bytes = HexFormat.of().parseHex(String.join("", fields).replace(" ", ""));
        return PropertiesBlock.decode(
                new FieldReader(bytes, bytes.length, "x.sst", 100), 200, 50, 1, FragmentArray.EMPTY);
    }

    private static String encode(SstProperties properties) {
        FieldWriter out = PropertiesBlock.encode(properties);
        return HexFormat.of().formatHex(out.array(), 0, out.size());
    }

    private static void assertCorrupt(String expected, String... fields) {
        assertThatThrownBy(() -> decode(fields))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("x.sst")
                .hasMessageContaining(expected);
    }

    @Test
    void theWorkedExample() {
        SstProperties properties = decode("010100", COUNTS, SEQUENCES, KEYS, BLOCKS);
        assertThat(properties.entries()).isEqualTo(2);
        assertThat(properties.rawKeyBytes()).isEqualTo(2);
        assertThat(properties.rawValueBytes()).isEqualTo(8);
        assertThat(properties.minSequence()).isEqualTo(3);
        assertThat(properties.maxSequence()).isEqualTo(4);
        assertThat(properties.smallestKey()).isEqualTo(new byte[] {'a'});
        assertThat(properties.largestKey()).isEqualTo(new byte[] {'b'});
        assertThat(properties.blockBytes()).isEqualTo(4096);
        assertThat(properties.compression()).isEqualTo(Compression.NONE);
        assertThat(properties.expiry()).isNull();
        assertThat(properties.eventTimes()).isNull();
        assertThat(encode(properties)).isEqualTo(("010100" + COUNTS + SEQUENCES + KEYS + BLOCKS).replace(" ", ""));
    }

    @Test
    void hintsComeBack() {
        String expiry = "050c 0374746c e807c801 d00ff403";
        String times = "0710 ffffffffffffffff 00000000000003e8";
        String tail = "0904 0016 0c00";
        SstProperties properties = decode("0102c801", COUNTS, SEQUENCES, expiry, KEYS, times, BLOCKS, tail);
        assertThat(properties.creationMillis()).isEqualTo(200);
        assertThat(properties.expiry())
                .isEqualTo(new Expiry("ttl", List.of(new Expiry.Step(1000, 200), new Expiry.Step(2000, 500))));
        assertThat(properties.eventTimes()).isEqualTo(new EventTimes(-1, 1000));
        assertThat(properties.tailSizes()).isEqualTo(new TailSizes(0, 22, 12, 0));
        assertThat(encode(properties))
                .isEqualTo(("0102c801" + COUNTS + SEQUENCES + expiry + KEYS + times + BLOCKS + tail).replace(" ", ""));
        assertCorrupt(
                "event times in order", COUNTS, SEQUENCES, KEYS, "0710 0000000000000001 0000000000000000", BLOCKS);
    }

    @Test
    void valueFilesComeBack() {
        String shares = "0a1b 0102030405060708 1112131415161718 8827 46 b817 056b65792d31";
        SstProperties properties = decode(COUNTS, SEQUENCES, KEYS, BLOCKS, shares);
        assertThat(properties.valueFiles())
                .containsExactly(new ValueShare(0x0102030405060708L, 0x1112131415161718L, 5_000, 70, 3_000, "key-1"));
        assertThat(encode(properties))
                .isEqualTo(("010100" + COUNTS + SEQUENCES + KEYS + BLOCKS + shares).replace(" ", ""));
        assertThat(decode(COUNTS, SEQUENCES, KEYS, BLOCKS).valueFiles()).isEmpty();
        assertCorrupt("8 bytes", COUNTS, SEQUENCES, KEYS, BLOCKS, "0a00");
    }

    @Test
    void whatIsSupersededComesBack() {
        String shares = "0a16 0102030405060708 1112131415161718 8827 46 b817 00";
        String superseded = "0b04 06 b817 04"; // 6 of 10 bytes, 3,000 in value files, deletes of 4
        SstProperties properties = decode(COUNTS, SEQUENCES, KEYS, BLOCKS, shares, superseded);
        assertThat(properties.superseded()).isEqualTo(new Superseded(10, 6, 3_000, 4));
        assertThat(encode(properties))
                .isEqualTo(("010100" + COUNTS + SEQUENCES + KEYS + BLOCKS + shares + superseded).replace(" ", ""));
        assertThat(decode(COUNTS, SEQUENCES, KEYS, BLOCKS).superseded()).isNull();
        assertCorrupt("from 0 to 10", COUNTS, SEQUENCES, KEYS, BLOCKS, "0b03 0b 00 00");
        assertCorrupt("from 0 to 0", COUNTS, SEQUENCES, KEYS, BLOCKS, "0b03 06 01 00");
        assertCorrupt("from 0 to 4", COUNTS, SEQUENCES, KEYS, BLOCKS, "0b03 06 00 05");
        assertCorrupt("the end of the field", COUNTS, SEQUENCES, KEYS, BLOCKS, "0b04 06 00 00 00");
    }

    @Test
    void unknownFieldsAreSkippedOrRefusedByName() {
        assertThat(decode(COUNTS, SEQUENCES, KEYS, BLOCKS, "7f03 010203").entries())
                .isEqualTo(2);
        assertThatThrownBy(() -> decode(COUNTS, SEQUENCES, KEYS, BLOCKS, "0c00"))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining("x.sst")
                .hasMessageContaining("field 12 of the properties of an SST");
    }

    @Test
    void whatMustBeThereAndFitIsChecked() {
        String expected = "counts, sequences, block size, and keys";
        assertCorrupt(expected, SEQUENCES, KEYS, BLOCKS);
        assertCorrupt(expected, COUNTS, KEYS, BLOCKS);
        assertCorrupt(expected, COUNTS, SEQUENCES, BLOCKS);
        assertCorrupt(expected, COUNTS, SEQUENCES, KEYS);
        assertCorrupt("a tag above 4", COUNTS, SEQUENCES, SEQUENCES, KEYS, BLOCKS);
        assertCorrupt("the end of the field", COUNTS, "0403 030400", KEYS, BLOCKS);
        assertCorrupt("largest sequence of 3 or more", COUNTS, "0402 0302", KEYS, BLOCKS);
        assertCorrupt("a smallest key not after the largest", COUNTS, SEQUENCES, "0604 0162 0161", BLOCKS);
        assertCorrupt("compression from 0 to 2", COUNTS, SEQUENCES, KEYS, "0804 8020 0003");
        assertCorrupt("entries of 1 or more", "0206 0000 0000 0208", SEQUENCES, KEYS, BLOCKS);
    }
}
