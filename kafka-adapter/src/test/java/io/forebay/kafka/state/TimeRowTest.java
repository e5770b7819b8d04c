package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Seeds;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.internals.PrefixedSessionKeySchemas.TimeFirstSessionKeySchema;
import org.apache.kafka.streams.state.internals.PrefixedWindowKeySchemas.TimeFirstWindowKeySchema;
import org.apache.kafka.streams.state.internals.SessionKeySchema;
import org.apache.kafka.streams.state.internals.WindowKeySchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TimeRowTest {
    private static byte[] row(TimeRow format, byte[] key, long time, long last) {
        byte[] row = new byte[format.length(key.length)];
        format.write(row, key, 0, key.length, time, last);
        return row;
    }

    private static byte[] changelogKey(TimeRow format, byte[] key, long time, long last) {
        return format == TimeRow.WINDOW
                ? WindowKeySchema.toStoreKeyBinary(Bytes.wrap(key), time, (int) last)
                        .get()
                : SessionKeySchema.toBinary(Bytes.wrap(key), last, time).get();
    }

    @Test
    void rowsHaveTheDocumentedBytes() {
        assertThat(HexFormat.of().formatHex(row(TimeRow.WINDOW, new byte[] {'a', (byte) 0xFF}, 0x1234, 7)))
                .isEqualTo("8000000000001234" + "61ff" + "00000007");
        assertThat(HexFormat.of().formatHex(row(TimeRow.SESSION, new byte[] {'a'}, 0x1234, 0x1200)))
                .isEqualTo("8000000000001234" + "0000000000001200" + "61");
    }

    private record Parts(byte[] key, long time, long last) {
        static Parts random(TimeRow format, Random random) {
            byte[] key = new byte[random.nextInt(4)];
            for (int i = 0; i < key.length; i++) {
                key[i] = (byte) (random.nextInt(3) - 1);
            }
            long time = random.nextInt(3) == 0 ? random.nextLong() & Long.MAX_VALUE : random.nextInt(3);
            return new Parts(key, time, format == TimeRow.WINDOW ? random.nextInt(3) : random.nextInt(3) << 8);
        }

        byte[] row(TimeRow format) {
            return TimeRowTest.row(format, key, time, last);
        }

        byte[] kafkasRow(TimeRow format) {
            return format == TimeRow.WINDOW
                    ? TimeFirstWindowKeySchema.toStoreKeyBinary(Bytes.wrap(key), time, (int) last)
                            .get()
                    : TimeFirstSessionKeySchema.toBinary(Bytes.wrap(key), last, time)
                            .get();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theOrderIsThatOfKafkasTimeOrderedStores(TimeRow format) {
        Seeds.run(getClass(), 20, seed -> {
            Random random = new Random(seed);
            for (int i = 0; i < 500; i++) {
                Parts a = Parts.random(format, random);
                Parts b = Parts.random(format, random);
                assertThat(Integer.signum(Arrays.compareUnsigned(a.row(format), b.row(format))))
                        .isEqualTo(Integer.signum(Arrays.compareUnsigned(a.kafkasRow(format), b.kafkasRow(format))));
                assertThat(Arrays.compareUnsigned(a.row(format), TimeRow.bound(b.time)) >= 0)
                        .isEqualTo(a.time >= b.time);
                byte[] above = TimeRow.boundAbove(b.time);
                assertThat(above == null || Arrays.compareUnsigned(a.row(format), above) < 0)
                        .isEqualTo(a.time <= b.time);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void partsComeBackAlsoFromTheChangelogsKey(TimeRow format) {
        Seeds.run(getClass(), 20, seed -> {
            Random random = new Random(seed);
            Parts parts = Parts.random(format, random);
            byte[] row = parts.row(format);
            assertThat(format.key(row, row.length)).isEqualTo(parts.key);
            assertThat(TimeRow.time(row)).isEqualTo(parts.time);
            if (format == TimeRow.SESSION) {
                assertThat(TimeRow.start(row)).isEqualTo(parts.last);
            }
            byte[] changelogKey = changelogKey(format, parts.key, parts.time, parts.last);
            byte[] padded = new byte[changelogKey.length + 3];
            System.arraycopy(changelogKey, 0, padded, 3, changelogKey.length);
            byte[] restored = new byte[changelogKey.length];
            format.write(restored, padded, 3, changelogKey.length);
            assertThat(restored).isEqualTo(row);
        });
    }

    @Test
    void rowsByTimeAreAboveAllRowsByKey() {
        assertThat(TimeRow.bound(0)).isEqualTo(new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, 0, 0});
        assertThat(TimeRow.boundAbove(Long.MAX_VALUE)).isNull();
    }
}
