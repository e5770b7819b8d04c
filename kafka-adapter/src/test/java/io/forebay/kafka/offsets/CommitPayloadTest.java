package io.forebay.kafka.offsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.testing.GoldenBytes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.query.Position;
import org.junit.jupiter.api.Test;

class CommitPayloadTest {
    private static final StoreLayout WINDOWS = new StoreLayout(StoreKind.WINDOW, ValueFormat.TIMESTAMPED, 43_200_000);

    static CommitPayload example() {
        return new CommitPayload(
                WINDOWS,
                1_700_000_000_000L,
                Map.of(
                        new TopicPartition("other", 1), 7L,
                        new TopicPartition("app-s-changelog", 3), -4L,
                        new TopicPartition("app-s-changelog", 0), 41L),
                Position.emptyPosition().withComponent("clicks", 12, 5).withComponent("clicks", 0, 100));
    }

    @Test
    void writesTheDocumentedBytes() {
        GoldenBytes.verify("kafka-payload", example().encode());
    }

    @Test
    void readsTheDocumentedBytes() {
        assertThat(CommitPayload.decode(GoldenBytes.read("kafka-payload"))).isEqualTo(example());
    }

    @Test
    void theSmallestPayload() {
        CommitPayload empty = new CommitPayload(
                new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0), -1, Map.of(), Position.emptyPosition());
        assertThat(HexFormat.of().formatHex(empty.encode()))
                .isEqualTo("01" + "01" + "00" + "0000000000000000" + "ffffffffffffffff" + "00000000" + "00000000");
        assertThat(CommitPayload.decode(empty.encode())).isEqualTo(empty);
    }

    @Test
    void thePayloadOfAnOpenStoreDiffersInItsVersion() {
        CommitPayload closed = example();
        CommitPayload open =
                new CommitPayload(closed.layout(), closed.streamTime(), closed.offsets(), closed.position(), true);
        byte[] expected = closed.encode();
        expected[0] = 2;
        assertThat(open.encode()).isEqualTo(expected);
        assertThat(CommitPayload.decode(expected)).isEqualTo(open);
        assertThat(open.closed()).isEqualTo(closed);
    }

    @Test
    void keepsEveryKindAndFormatAndUnusualTopics() {
        for (StoreKind kind : StoreKind.values()) {
            for (ValueFormat format : ValueFormat.values()) {
                Map<TopicPartition, Long> offsets = new HashMap<>();
                Position position = Position.emptyPosition();
                for (String topic : new String[] {"", "ä.b-C_9", "t".repeat(249), "x".repeat(65_535)}) {
                    offsets.put(new TopicPartition(topic, Integer.MAX_VALUE), Long.MAX_VALUE);
                    position.withComponent(topic, 0, 0);
                }
                CommitPayload payload = new CommitPayload(
                        new StoreLayout(kind, format, kind == StoreKind.KEY_VALUE ? 0 : 60_000),
                        Long.MAX_VALUE,
                        offsets,
                        position);
                assertThat(CommitPayload.decode(payload.encode())).isEqualTo(payload);
            }
        }
    }

    @Test
    void aTopicNameTooLongIsRefused() {
        CommitPayload payload = new CommitPayload(
                WINDOWS, 0, Map.of(new TopicPartition("x".repeat(65_536), 0), 1L), Position.emptyPosition());
        assertThatThrownBy(payload::encode)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("65536");
    }

    @Test
    void anUnknownVersionIsRefusedByNumber() {
        byte[] bytes = example().encode();
        bytes[0] = 3;
        assertThatThrownBy(() -> CommitPayload.decode(bytes))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("version 3");
    }

    @Test
    void unknownKindsAndFormatsAreRefused() {
        byte[] kind = example().encode();
        kind[1] = 9;
        assertThatThrownBy(() -> CommitPayload.decode(kind)).isInstanceOf(PayloadException.class);
        byte[] format = example().encode();
        format[2] = 9;
        assertThatThrownBy(() -> CommitPayload.decode(format)).isInstanceOf(PayloadException.class);
        byte[] interval = example().encode();
        Arrays.fill(interval, 3, 11, (byte) 0);
        assertThatThrownBy(() -> CommitPayload.decode(interval)).isInstanceOf(PayloadException.class);
    }

    @Test
    void everyTruncationIsRefused() {
        byte[] bytes = example().encode();
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> CommitPayload.decode(cut))
                    .as("first %d of %d bytes", length, bytes.length)
                    .isInstanceOf(PayloadException.class);
        }
    }

    @Test
    void bytesAfterTheEndAreRefused() {
        byte[] bytes = example().encode();
        assertThatThrownBy(() -> CommitPayload.decode(Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("1 bytes too many");
    }

    @Test
    void absurdCountsAreRefusedBeforeAnythingIsAllocated() {
        byte[] bytes = example().encode();
        bytes[19] = 0x7F;
        assertThatThrownBy(() -> CommitPayload.decode(bytes))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("count");
    }
}
