package io.forebay.kafka.window;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.kafka.state.TimeRow;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.internals.SessionKeySchema;
import org.apache.kafka.streams.state.internals.WindowKeySchema;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Rows of windows and sessions with keys and times of any kind: their parts, their changelog keys, and the bounds of reads. */
class RowFormatFuzzTest extends FuzzTests {
    private static final int TIMES = 3 * Long.BYTES;

    static final FuzzTarget WINDOW_ROW = FuzzTarget.of("windowRow", input -> checkRow(RowFormat.WINDOW, input))
            .seeds(
                    seed(0, 0, 0),
                    seed(1_700_000_000_000L, 1_700_000_000_000L, 7, 'k', 'e', 'y'),
                    seed(1, 2, 3, 0, 0xFF));
    static final FuzzTarget SESSION_ROW = FuzzTarget.of("sessionRow", input -> checkRow(RowFormat.SESSION, input))
            .seeds(
                    seed(0, 0, 0),
                    seed(1_700_000_000_000L, 1_700_000_000_001L, 7, 'k', 'e', 'y'),
                    seed(1, 2, 3, 0, 0xFF));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void windowRow(byte[] input) {
        WINDOW_ROW.accept(input);
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void sessionRow(byte[] input) {
        SESSION_ROW.accept(input);
    }

    /** Time, the end of a read, sequence or start, and the key, half of which is the key of a second row. */
    private static void checkRow(RowFormat format, byte[] input) {
        if (input.length < TIMES) {
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(input);
        long time = in.getLong() & Long.MAX_VALUE;
        long timeTo = Math.max(time, in.getLong() & Long.MAX_VALUE);
        long last = in.getLong() & (format == RowFormat.WINDOW ? Integer.MAX_VALUE : Long.MAX_VALUE);
        byte[] key = Arrays.copyOfRange(input, TIMES, input.length);
        byte[] row = row(format, key, time, last);
        int keyLength = format.keyLength(row.length);
        require(Arrays.equals(RowFormat.key(row, keyLength), key), "the key comes back");
        require(RowFormat.time(row, keyLength) == time && RowFormat.segment(row) == 0, "time and segment come back");
        require(format == RowFormat.WINDOW || RowFormat.start(row, keyLength) == last, "the start comes back");
        byte[] changelog = format == RowFormat.WINDOW
                ? WindowKeySchema.toStoreKeyBinary(Bytes.wrap(key), time, (int) last)
                        .get()
                : SessionKeySchema.toBinary(Bytes.wrap(key), last, time).get();
        byte[] restored = new byte[RowFormat.SEGMENT_BYTES + changelog.length];
        RowFormat.write(restored, 0, changelog);
        require(Arrays.equals(restored, row), "the changelog's key behind the segment");
        require(format.changelogTime(changelog) == time, "the changelog's time");
        byte[] byTime = new byte[changelog.length];
        format.timeRow.write(byTime, changelog, 0, changelog.length);
        require(
                Arrays.equals(format.timeRow.key(byTime, byTime.length), key),
                "the key comes back from the row by time");
        require(TimeRow.time(byTime) == time, "the time comes back from the row by time");
        require(format == RowFormat.WINDOW || TimeRow.start(byTime) == last, "so does the start");
        require(Arrays.compareUnsigned(byTime, row) > 0, "rows by time are above the others");
        byte[] prefix = Arrays.copyOf(key, key.length / 2);
        for (byte[] to : new byte[][] {key, Arrays.copyOf(key, key.length + 1)}) {
            byte[] bound = format.aboveAllUpTo(to, timeTo);
            require(Arrays.compareUnsigned(row, bound) < 0, "the bound of a read is above its rows");
            byte[] shorter = row(format, prefix, time, last);
            require(Arrays.compareUnsigned(shorter, bound) < 0, "also above those of a prefix of its last key");
        }
        require(Arrays.compareUnsigned(row, format.lowestFrom(prefix)) >= 0, "the lower bound of a range is below");
        require(Arrays.compareUnsigned(row, format.lowestOf(key, time)) >= 0, "the lower bound of a key is below");
        require(Arrays.compareUnsigned(row, format.aboveAllOf(key, timeTo)) < 0, "the upper bound of a key is above");
    }

    private static byte[] row(RowFormat format, byte[] key, long time, long last) {
        byte[] row = new byte[format.rowLength(key.length)];
        format.write(row, 0, key, time, last);
        return row;
    }

    private static byte[] seed(long time, long timeTo, long last, int... key) {
        ByteBuffer out = ByteBuffer.allocate(TIMES + key.length)
                .putLong(time)
                .putLong(timeTo)
                .putLong(last);
        for (int b : key) {
            out.put((byte) b);
        }
        return out.array();
    }
}
