package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.kafka.TestContexts;
import io.forebay.store.testing.Seeds;
import java.io.File;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrittenPositionTest {
    @TempDir
    File directory;

    private InternalMockProcessorContext<Object, Object> context;
    private final WrittenPosition position = new WrittenPosition(Position.emptyPosition());

    @BeforeEach
    void createContext() {
        context = TestContexts.unlogged(directory, Map.of());
    }

    @Test
    void theVectorIsUpToDateForWhoeverAsks() {
        note("in", 0, 5);
        assertThat(position.upToDate()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
        note("in", 0, 6);
        note("in", 0, 7);
        assertThat(position.upToDate()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 7));
    }

    @Test
    void recordsOfOtherPartitionsAndTopicsHaveComponentsOfTheirOwn() {
        note("in", 0, 5);
        note("in", 1, 3);
        note("other", 1, 4);
        assertThat(position.upToDate())
                .isEqualTo(Position.emptyPosition()
                        .withComponent("in", 0, 5)
                        .withComponent("in", 1, 3)
                        .withComponent("other", 1, 4));
    }

    @Test
    void aComponentNeverGoesBack() {
        note("in", 0, 5);
        note("in", 0, 4);
        assertThat(position.upToDate()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
        note("in", 0, 3);
        assertThat(position.upToDate()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
    }

    @Test
    void withoutARecordThereIsNothingToNote() {
        context.setRecordContext(null);
        position.note(context);
        note(null, 0, 5);
        assertThat(position.upToDate().isEmpty()).isTrue();
        note("in", 0, 5);
        note(null, 0, 9);
        assertThat(position.upToDate()).isEqualTo(Position.emptyPosition().withComponent("in", 0, 5));
    }

    @Test
    void itIsTheVectorThatEveryPutMovesAtOnce() {
        Seeds.run(WrittenPositionTest.class, 20, this::compareWithAVectorMovedAtOnce);
    }

    private void compareWithAVectorMovedAtOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        WrittenPosition tested = new WrittenPosition(Position.emptyPosition());
        Position expected = Position.emptyPosition();
        for (int i = 0; i < 200; i++) {
            String topic = "topic" + random.nextInt(2);
            int partition = random.nextInt(2);
            long offset = random.nextInt(1000);
            note(tested, topic, partition, offset);
            expected.withComponent(topic, partition, offset);
            if (random.nextInt(5) == 0) {
                assertThat(tested.upToDate()).isEqualTo(expected);
            }
        }
        assertThat(tested.upToDate()).isEqualTo(expected);
    }

    private void note(String topic, int partition, long offset) {
        note(position, topic, partition, offset);
    }

    private void note(WrittenPosition into, String topic, int partition, long offset) {
        context.setRecordContext(new ProcessorRecordContext(0, offset, partition, topic, new RecordHeaders()));
        synchronized (into.monitor()) {
            into.note(context);
        }
    }
}
