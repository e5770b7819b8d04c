package io.forebay.kafka.offsets;

import static io.forebay.store.testing.fuzz.FuzzTarget.require;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.forebay.store.testing.fuzz.FuzzTarget;
import io.forebay.store.testing.fuzz.FuzzTests;
import java.util.Map;
import org.apache.kafka.streams.query.Position;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Payloads of commits: decoded, written again, decoded again. */
class CommitPayloadFuzzTest extends FuzzTests {
    static final FuzzTarget KAFKA_PAYLOAD = FuzzTarget.of("kafkaPayload", CommitPayloadFuzzTest::decode)
            .refusesWith(PayloadException.class)
            .golden("kafka-payload")
            .seeds(empty(false), empty(true))
            .allocates(1 << 20, 256);

    private static byte[] empty(boolean open) {
        StoreLayout layout = new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0);
        return new CommitPayload(layout, -1, Map.of(), Position.emptyPosition(), open).encode();
    }

    @ArgumentsSource(FuzzTests.Seeds.class)
    @FuzzTest(maxDuration = "")
    void kafkaPayload(byte[] input) {
        KAFKA_PAYLOAD.accept(input);
    }

    private static void decode(byte[] input) {
        CommitPayload payload = CommitPayload.decode(input);
        byte[] again = payload.encode();
        require(again.length <= input.length, "no more than what was read");
        require(CommitPayload.decode(again).equals(payload), "the same payload when it is written again");
    }
}
