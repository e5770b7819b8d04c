package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.testutils.statemigration.TestType;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The present serializer answers differently about the parts of a checkpoint, or not at all: values, namespaces and queues. */
class PartAnswersTest {
    private static final int KEYS = 60;
    private static final KeyGroupRange LOWER = new KeyGroupRange(0, 7);
    private static final KeyGroupRange UPPER = new KeyGroupRange(8, 15);
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    @TempDir
    private File temporary;

    private final BackendHarness slot = new BackendHarness(256 << 20);

    @AfterEach
    void close() throws Exception {
        slot.close();
    }

    private ForebayKeyedStateBackend<String> open(TimerService timers, KeyGroupRange range, KeyedStateHandle... parts)
            throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
        options.set(ForebayOptions.TIMER_SERVICE_FACTORY, timers);
        return slot.forebay(
                options, StringSerializer.INSTANCE, 16, range, BackendHarness.assign(List.of(parts), range));
    }

    private ForebayKeyedStateBackend<String> open(KeyGroupRange range, KeyedStateHandle... parts) throws Exception {
        return open(TimerService.FOREBAY, range, parts);
    }

    private static KeyedStateHandle snapshot(ForebayKeyedStateBackend<?> backend, boolean canonical) throws Exception {
        return canonical
                ? BackendHarness.canonicalSavepoint(backend)
                : BackendHarness.snapshot(backend, 1, CheckpointType.CHECKPOINT, BackendHarness.memory())
                        .getJobManagerOwnedSnapshot();
    }

    private static List<TestType> ofKeyGroups(KeyGroupRange range) {
        return Stream.iterate(0, i -> i + 1)
                .limit(KEYS)
                .map(i -> new TestType("key-" + i, i))
                .filter(each -> range.contains(KeyGroupRangeAssignment.assignToKeyGroup(each.getKey(), 16)))
                .toList();
    }

    private static ValueState<TestType> state(ForebayKeyedStateBackend<String> backend, int mask) throws Exception {
        return BackendHarness.state(backend, new ValueStateDescriptor<>("state", new MaskedSerializer(mask)));
    }

    private KeyedStateHandle values(KeyGroupRange range, int mask) throws Exception {
        ForebayKeyedStateBackend<String> backend = open(range);
        for (TestType each : ofKeyGroups(range)) {
            backend.setCurrentKey(each.getKey());
            state(backend, mask).update(each);
        }
        return snapshot(backend, false);
    }

    private static void check(ForebayKeyedStateBackend<String> backend, KeyGroupRange range, int mask)
            throws Exception {
        for (TestType each : ofKeyGroups(range)) {
            backend.setCurrentKey(each.getKey());
            assertThat(state(backend, mask).value()).isEqualTo(each);
        }
    }

    /** None of the readers is the present serializer. */
    @Test
    void partsAreEachReadAsReconfigured() throws Exception {
        KeyedStateHandle lower = values(LOWER, 5);
        KeyedStateHandle upper = values(UPPER, 6);
        check(open(ALL, lower, upper), ALL, 7);
        check(open(ALL, upper, lower), ALL, 7);
    }

    @Test
    void aPartThatCannotBeAskedAboutIsNoReasonToRefuse() throws Exception {
        KeyedStateHandle lower = values(LOWER, MaskedSerializer.CANNOT_BE_ASKED);
        KeyedStateHandle upper = values(UPPER, 6);
        check(open(ALL, lower, upper), UPPER, 7);
        check(open(ALL, upper, lower), UPPER, 7);
        ForebayKeyedStateBackend<String> alone = open(LOWER, lower);
        assertThatThrownBy(() -> state(alone, 7)).hasStackTraceContaining("It cannot be asked");
    }

    @Test
    void anIncompatiblePartIsRefusedWhenTheStateIsUsed() throws Exception {
        KeyedStateHandle lower = values(LOWER, 5);
        KeyedStateHandle upper = values(UPPER, MaskedSerializer.INCOMPATIBLE);
        for (List<KeyedStateHandle> order : List.of(List.of(lower, upper), List.of(upper, lower))) {
            ForebayKeyedStateBackend<String> both = open(ALL, order.toArray(new KeyedStateHandle[0]));
            assertThatThrownBy(() -> state(both, 5))
                    .hasStackTraceContaining(StateMigrationException.class.getName())
                    .hasStackTraceContaining("must not be incompatible");
        }
        check(open(LOWER, lower, upper), LOWER, 5);
    }

    private static ValueState<Integer> ofNamespace(ForebayKeyedStateBackend<String> backend, TestType key, int mask)
            throws Exception {
        backend.setCurrentKey(key.getKey());
        return backend.getPartitionedState(
                key, new MaskedSerializer(mask), new ValueStateDescriptor<>("state", IntSerializer.INSTANCE));
    }

    private KeyedStateHandle namespaces(KeyGroupRange range, int mask) throws Exception {
        ForebayKeyedStateBackend<String> backend = open(range);
        for (TestType each : ofKeyGroups(range)) {
            ofNamespace(backend, each, mask).update(each.getValue());
        }
        return snapshot(backend, true);
    }

    @Test
    void namespacesOfAnotherFormatAreRefusedByName() throws Exception {
        KeyedStateHandle lower = namespaces(LOWER, 5);
        KeyedStateHandle upper = namespaces(UPPER, 6);
        ForebayKeyedStateBackend<String> both = open(ALL, lower, upper);
        assertThatThrownBy(() -> ofNamespace(both, new TestType("key-1", 1), 6))
                .hasStackTraceContaining("Cannot migrate the state state")
                .hasStackTraceContaining("restore at the parallelism of the checkpoint");
        // Reconfigured, alone or with its like.
        ForebayKeyedStateBackend<String> alike = open(ALL, lower, namespaces(UPPER, 5));
        for (TestType each : ofKeyGroups(ALL)) {
            assertThat(ofNamespace(alike, each, 6).value()).isEqualTo(each.getValue());
        }
    }

    private static KeyGroupedInternalPriorityQueue<TestType> queue(ForebayKeyedStateBackend<String> backend, int mask) {
        return backend.create("queue", new MaskedSerializer(mask));
    }

    private KeyedStateHandle elements(KeyGroupRange range, int mask, boolean canonical) throws Exception {
        ForebayKeyedStateBackend<String> backend = open(range);
        KeyGroupedInternalPriorityQueue<TestType> queue = queue(backend, mask);
        ofKeyGroups(range).forEach(queue::add);
        return snapshot(backend, canonical);
    }

    private static void checkElements(ForebayKeyedStateBackend<String> backend, KeyGroupRange range, int mask) {
        KeyGroupedInternalPriorityQueue<TestType> queue = queue(backend, mask);
        assertThat(queue.size()).isEqualTo(ofKeyGroups(range).size());
        for (int keyGroup : range) {
            assertThat(queue.getSubsetForKeyGroup(keyGroup))
                    .containsExactlyInAnyOrderElementsOf(ofKeyGroups(new KeyGroupRange(keyGroup, keyGroup)));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void queuesAreReadByTheReconfiguredSerializer(boolean canonical) throws Exception {
        checkElements(open(ALL, elements(LOWER, 5, canonical), elements(UPPER, 5, false)), ALL, 6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void elementsOfAnotherFormatAreRefusedByNameIfThereAreAny(boolean canonical) throws Exception {
        KeyedStateHandle lower = elements(LOWER, 5, canonical);
        KeyedStateHandle upper = elements(UPPER, 6, false);
        ForebayKeyedStateBackend<String> both = open(ALL, lower, upper);
        assertThatThrownBy(() -> queue(both, 6))
                .hasStackTraceContaining("queue")
                .hasStackTraceContaining("restore at the parallelism of the checkpoint");
        ForebayKeyedStateBackend<String> emptied = open(LOWER, lower);
        KeyGroupedInternalPriorityQueue<TestType> queue = queue(emptied, 5);
        while (queue.poll() != null) {
            // Until it is empty.
        }
        checkElements(open(ALL, snapshot(emptied, canonical), upper), UPPER, 6);
    }

    @Test
    void aQueueOfAPartThatCannotBeAskedAboutIsReadAsTheOthers() throws Exception {
        KeyedStateHandle lower = elements(LOWER, MaskedSerializer.CANNOT_BE_ASKED, false);
        KeyedStateHandle upper = elements(UPPER, 5, false);
        KeyGroupedInternalPriorityQueue<TestType> queue = queue(open(ALL, lower, upper), 5);
        assertThat(queue.getSubsetForKeyGroup(9))
                .containsExactlyInAnyOrderElementsOf(ofKeyGroups(new KeyGroupRange(9, 9)));
        ForebayKeyedStateBackend<String> alone = open(LOWER, lower);
        assertThatThrownBy(() -> queue(alone, 5)).hasStackTraceContaining("It cannot be asked");
        ForebayKeyedStateBackend<String> incompatible =
                open(ALL, elements(LOWER, MaskedSerializer.INCOMPATIBLE, false), upper);
        assertThatThrownBy(() -> queue(incompatible, 5))
                .hasCauseInstanceOf(StateMigrationException.class)
                .hasMessageContaining("incompatible");
    }

    /** Elements come to the heap one by one, so each part is read as it was written. */
    @ParameterizedTest
    @CsvSource({
        "true,true,false",
        "true,false,true",
        "false,true,true",
        "true,true,true",
        "false,false,true",
        "false,false,false"
    })
    void queuesOfUnlikePartsMoveToTheHeap(boolean firstCanonical, boolean secondCanonical, boolean unusedMeanwhile)
            throws Exception {
        KeyedStateHandle lower = elements(LOWER, 5, firstCanonical);
        KeyedStateHandle upper = elements(UPPER, 6, secondCanonical);
        KeyedStateHandle[] parts = unusedMeanwhile
                ? new KeyedStateHandle[] {snapshot(open(ALL, lower, upper), firstCanonical)}
                : new KeyedStateHandle[] {lower, upper};
        checkElements(open(TimerService.HEAP, ALL, parts), ALL, 6);
    }
}
