package io.forebay.kafka.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Seeds;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.internals.SessionKeySchema;
import org.apache.kafka.streams.state.internals.WindowKeySchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowFormatTest {
    @Test
    void windowRowsHaveTheDocumentedBytes() {
        byte[] row = new byte[RowFormat.WINDOW.rowLength(2)];
        RowFormat.WINDOW.write(row, 3, new byte[] {'a', (byte) 0xFF}, 0x1234, 7);
        assertThat(HexFormat.of().formatHex(row))
                .isEqualTo("0000000000000003" + "61ff" + "0000000000001234" + "00000007");
    }

    @Test
    void sessionRowsHaveTheDocumentedBytes() {
        byte[] row = new byte[RowFormat.SESSION.rowLength(1)];
        RowFormat.SESSION.write(row, 3, new byte[] {'a'}, 0x1234, 0x1200);
        assertThat(HexFormat.of().formatHex(row))
                .isEqualTo("0000000000000003" + "61" + "0000000000001234" + "0000000000001200");
    }

    @Test
    void whatFollowsTheSegmentIsTheChangelogKey() {
        byte[] key = {0, 1, (byte) 0xFF};
        byte[] window = new byte[RowFormat.WINDOW.rowLength(3)];
        RowFormat.WINDOW.write(window, 9, key, 99, 5);
        byte[] windowKey =
                WindowKeySchema.toStoreKeyBinary(Bytes.wrap(key), 99, 5).get();
        assertThat(rowOf(windowKey, 9)).isEqualTo(window);
        assertThat(RowFormat.WINDOW.changelogTime(windowKey)).isEqualTo(99);

        byte[] session = new byte[RowFormat.SESSION.rowLength(3)];
        RowFormat.SESSION.write(session, 9, key, 99, 5);
        byte[] sessionKey = SessionKeySchema.toBinary(Bytes.wrap(key), 5, 99).get();
        assertThat(rowOf(sessionKey, 9)).isEqualTo(session);
        assertThat(RowFormat.SESSION.changelogTime(sessionKey)).isEqualTo(99);
    }

    private static byte[] rowOf(byte[] changelogKey, long segment) {
        byte[] row = new byte[RowFormat.SEGMENT_BYTES + changelogKey.length];
        RowFormat.write(row, segment, changelogKey);
        return row;
    }

    @ParameterizedTest
    @EnumSource
    void partsComeBack(RowFormat format) {
        byte[] key = {1, 0, 2};
        byte[] row = new byte[format.rowLength(3)];
        format.write(row, 1, key, 20, 10);
        int keyLength = format.keyLength(row.length);
        assertThat(RowFormat.key(row, keyLength)).isEqualTo(key);
        assertThat(RowFormat.time(row, keyLength)).isEqualTo(20);
        if (format == RowFormat.SESSION) {
            assertThat(RowFormat.start(row, keyLength)).isEqualTo(10);
        }
    }

    @Test
    void theHighestRowUpToAKeyCanBelongToAShorterKey() {
        // rows of {1} from time 0x40.. on are above every row of {1, 0x30} up to that time
        byte[] bound = RowFormat.WINDOW.aboveAllUpTo(new byte[] {1, 0x30}, 0x4000_0000_0000_0000L);
        byte[] row = new byte[RowFormat.WINDOW.rowLength(1)];
        RowFormat.WINDOW.write(row, 0, new byte[] {1}, 0x4000_0000_0000_0000L, Integer.MAX_VALUE);
        assertThat(Arrays.compareUnsigned(row, bound)).isNegative();
    }

    @ParameterizedTest
    @EnumSource
    void boundsEncloseTheRowsOfTheirKeysWhateverTheKeys(RowFormat format) {
        Seeds.run(getClass(), 200, seed -> {
            Random random = new Random(seed);
            for (int i = 0; i < 500; i++) {
                byte[] a = NastyKeys.next(random);
                byte[] b = NastyKeys.next(random);
                byte[] from = Arrays.compareUnsigned(a, b) <= 0 ? a : b;
                byte[] to = from == a ? b : a;
                byte[] key = NastyKeys.next(random);
                long timeFrom = NastyKeys.time(random);
                long timeTo = Math.max(timeFrom, NastyKeys.time(random));
                long time = Math.min(timeTo, Math.max(timeFrom, NastyKeys.time(random)));
                byte[] row = new byte[format.rowLength(key.length)];
                long last = format == RowFormat.WINDOW ? random.nextInt(Integer.MAX_VALUE) : random.nextLong() >>> 1;
                format.write(row, 0, key, time, last);

                if (Arrays.compareUnsigned(key, from) >= 0) {
                    assertThat(Arrays.compareUnsigned(row, format.lowestFrom(from)))
                            .isNotNegative();
                }
                if (Arrays.compareUnsigned(key, to) <= 0) {
                    assertThat(Arrays.compareUnsigned(row, format.aboveAllUpTo(to, timeTo)))
                            .isNegative();
                }
                assertThat(Arrays.compareUnsigned(row, format.lowestOf(key, timeFrom)))
                        .isNotNegative();
                assertThat(Arrays.compareUnsigned(row, format.aboveAllOf(key, timeTo)))
                        .isNegative();
            }
        });
    }
}
