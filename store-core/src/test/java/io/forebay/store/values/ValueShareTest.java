package io.forebay.store.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.util.FieldReader;
import io.forebay.store.util.FieldWriter;
import io.forebay.store.util.Seeded;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValueShareTest {
    private static final String ID = "0102030405060708 1112131415161718";

    private static List<ValueShare> decode(String... parts) {
        return decode(HexFormat.of().parseHex(String.join("", parts).replace(" ", "")));
    }

    private static List<ValueShare> decode(byte[] bytes) {
        return ValueShare.read(new FieldReader(bytes, bytes.length, "x.sst", 100));
    }

    private static byte[] encode(List<ValueShare> shares) {
        FieldWriter out = new FieldWriter();
        ValueShare.write(shares, out);
        return out.toByteArray();
    }

    @Test
    void theWorkedExample() {
        ValueShare share = new ValueShare(0x0102030405060708L, 0x1112131415161718L, 5_000, 70, 3_000, null);
        assertThat(HexFormat.of().formatHex(encode(List.of(share)))).isEqualTo((ID + "882746b81700").replace(" ", ""));
        assertThat(decode(ID, "8827 46 b817 00")).containsExactly(share);
    }

    @Test
    void randomSharesComeBack() {
        Seeded.run(ValueShareTest.class, 500, random -> {
            List<ValueShare> shares = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(5); i++) {
                long fileBytes = 1 + (random.nextLong() >>> 25 + random.nextInt(38));
                long frameBytes = (random.nextLong() >>> 1) % fileBytes;
                long bytes = 1 + (random.nextLong() >>> 1) % (fileBytes - frameBytes);
                String keyId = random.nextBoolean() ? null : "schlüssel" + random.nextInt();
                shares.add(new ValueShare(random.nextLong(), random.nextLong(), fileBytes, frameBytes, bytes, keyId));
            }
            assertThat(decode(encode(shares))).isEqualTo(shares);
        });
    }

    @Test
    void whatIsNoShareIsRefused() {
        assertCorrupt("8 bytes");
        assertCorrupt("8 bytes", ID.substring(0, 19));
        assertCorrupt("length of a value file from 1 to 1099511627776", ID, "00 00 00 00");
        assertCorrupt("length of a value file from 1 to 1099511627776", ID, "818080808020 00 01 00");
        assertCorrupt("bytes beside values from 0 to 4", ID, "05 05 01 00");
        assertCorrupt("bytes of values from 1 to 4", ID, "05 01 05 00");
        assertCorrupt("bytes of values from 1 to 4", ID, "05 01 00 00");
        assertCorrupt("2 bytes", ID, "05 00 05 02 61");
        assertCorrupt("the id of a key in UTF-8", ID, "05 00 05 01 ff");
        assertCorrupt("value files that differ", ID, "05 00 05 00", ID, "05 00 04 00");
        assertThatThrownBy(() -> new ValueShare(1, 2, 5, 1, 5, null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ValueShare(1, 2, 5, -1, 5, null)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertCorrupt(String expected, String... parts) {
        assertThatThrownBy(() -> decode(parts))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("x.sst")
                .hasMessageContaining(expected);
    }
}
