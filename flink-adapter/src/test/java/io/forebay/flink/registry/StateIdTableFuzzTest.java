package io.forebay.flink.registry;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** The table of state ids in the payload of a checkpoint. */
class StateIdTableFuzzTest extends FuzzTests {
    private static final int MIN_ENTRY_BYTES = 7;

    static final FuzzTarget STATE_IDS = FuzzTarget.of("stateIds", StateIdTableFuzzTest::decode)
            .refusesWith(IOException.class)
            .seeds(
                    HexFormat.of().parseHex("000100000000"),
                    HexFormat.of()
                            .parseHex("000100000002" + "12345678" + "01" + "0005636f756e74" + "00000001" + "02"
                                    + "0003c3a474"));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void stateIds(byte[] input) {
        STATE_IDS.accept(input);
    }

    private static void decode(byte[] input) throws IOException {
        List<StateIdTable.Entry> entries = StateIdTable.decode(input);
        require(entries.size() * MIN_ENTRY_BYTES <= input.length, "no more entries than bytes");
        for (StateIdTable.Entry entry : entries) {
            require(entry.kind() != null && entry.name() != null, "whole entries");
        }
    }
}
