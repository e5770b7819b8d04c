package io.forebay.flink.key;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.KeyRange;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Row keys of any kind: their parts, their ranges, and the canonical keys of savepoints. */
class KeyLayoutFuzzTest extends FuzzTests {
    static final FuzzTarget KEY_LAYOUT = FuzzTarget.of("keyLayout", KeyLayoutFuzzTest::check)
            .seeds(
                    HexFormat.of().parseHex("0000" + "a1b2c3d4"),
                    HexFormat.of().parseHex("007f" + "00000001" + "6b657900"),
                    HexFormat.of().parseHex("7ffe" + "ffffffff" + "00"));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void keyLayout(byte[] input) {
        KEY_LAYOUT.accept(input);
    }

    private static void check(byte[] input) {
        if (input.length < KeyLayout.PREFIX_BYTES) {
            return;
        }
        byte[] row = input.clone();
        // Flink has key groups up to 32767.
        row[0] &= 0x7F;
        int keyGroup = KeyLayout.keyGroup(row);
        int stateId = KeyLayout.stateId(row);
        byte[] prefix = KeyLayout.prefix(keyGroup, stateId);
        require(KeyLayout.startsWith(row, row.length, prefix), "a row begins with the prefix of its parts");
        byte[] canonical = KeyLayout.toCanonical(row, row.length, 2);
        require(
                Arrays.equals(KeyLayout.fromCanonical(canonical, 2, stateId), row),
                "the row comes back from its canonical key");
        if (keyGroup < 128) {
            byte[] shorter = KeyLayout.toCanonical(row, row.length, 1);
            require(
                    Arrays.equals(KeyLayout.fromCanonical(shorter, 1, stateId), row),
                    "also from one with a key group of one byte");
        }
        KeyRange range = KeyLayout.rows(new KeyGroupRange(keyGroup, keyGroup));
        require(range.contains(row), "a row lies in the range of its key group");
        if (keyGroup > 0) {
            KeyRange before = KeyLayout.rows(new KeyGroupRange(0, keyGroup - 1));
            require(!before.contains(row) && !before.overlaps(range), "and not in that of those before it");
        }
    }
}
