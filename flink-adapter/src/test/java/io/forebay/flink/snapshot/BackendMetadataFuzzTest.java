package io.forebay.flink.snapshot;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.io.IOException;
import java.util.HexFormat;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** The part of the metadata of a snapshot that is not Flink's. */
class BackendMetadataFuzzTest extends FuzzTests {
    private static final int HEADER_BYTES = 18;

    static final FuzzTarget BACKEND_METADATA = FuzzTarget.of("backendMetadata", BackendMetadataFuzzTest::decode)
            .refusesWith(IOException.class)
            .seeds(
                    HexFormat.of().parseHex("46425359" + "0002" + "0000000000000007" + "00000004" + "01020304"),
                    HexFormat.of().parseHex("46425359" + "0002" + "0000000000000000" + "00000000"));

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void backendMetadata(byte[] input) {
        BACKEND_METADATA.accept(input);
    }

    private static void decode(byte[] input) throws IOException {
        BackendMetadata.StorePart store = BackendMetadata.readStorePart(new DataInputDeserializer(input));
        require(store.generation() >= 0, "no generation below the first");
        require(store.checkpoint().length <= input.length - HEADER_BYTES, "no more bytes than there are");
    }
}
