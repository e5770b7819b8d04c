package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.typeutils.runtime.PojoSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A job whose POJO has gained or lost fields since the checkpoint that it is restored from, at another parallelism. */
class SchemaEvolutionTest {
    private static final int KEY_GROUPS = 16;
    private static final int KEYS = 200;

    /** How the class has changed. */
    enum Change {
        FIELD_REMOVED("public long id; public int gone; public String note;", "public long id; public String note;"),
        FIELD_ADDED("public long id; public String note;", "public long id; public int added; public String note;"),
        ONE_FOR_ANOTHER(
                "public long id; public String note; public int gone;",
                "public double added; public long id; public String note;");

        private final String before;
        private final String after;

        Change(String before, String after) {
            this.before = before;
            this.after = after;
        }
    }

    enum Kind {
        CHECKPOINT,
        NATIVE_SAVEPOINT,
        CANONICAL_SAVEPOINT;

        KeyedStateHandle of(ForebayKeyedStateBackend<?> backend) throws Exception {
            if (this == CANONICAL_SAVEPOINT) {
                return BackendHarness.canonicalSavepoint(backend);
            }
            return BackendHarness.snapshot(
                            backend,
                            1,
                            this == CHECKPOINT
                                    ? CheckpointType.CHECKPOINT
                                    : SavepointType.savepoint(SavepointFormatType.NATIVE),
                            BackendHarness.memory())
                    .getJobManagerOwnedSnapshot();
        }
    }

    @TempDir
    private File temporary;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    static Stream<Arguments> changesAndKinds() {
        return Stream.of(Change.values())
                .flatMap(change -> Stream.of(
                        Arguments.of(change, Kind.CHECKPOINT, Kind.CHECKPOINT),
                        Arguments.of(change, Kind.NATIVE_SAVEPOINT, Kind.NATIVE_SAVEPOINT),
                        Arguments.of(change, Kind.CANONICAL_SAVEPOINT, Kind.CANONICAL_SAVEPOINT),
                        Arguments.of(change, Kind.CHECKPOINT, Kind.CANONICAL_SAVEPOINT)));
    }

    private static List<KeyGroupRange> ranges(int parallelism) {
        List<KeyGroupRange> ranges = new ArrayList<>();
        for (int i = 0; i < parallelism; i++) {
            ranges.add(KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(KEY_GROUPS, parallelism, i));
        }
        return ranges;
    }

    /** One version of the job. */
    private final class Job {
        private final Class<?> type;
        private final TypeSerializer<Object> serializer;
        private final BackendHarness slot;

        @SuppressWarnings("unchecked")
        Job(String fields) throws Exception {
            Path directory = Files.createTempDirectory(temporary.toPath(), "classes");
            ClassVersion version = new ClassVersion(directory, "Account", fields);
            opened.add(version);
            type = version.load();
            serializer = (TypeSerializer<Object>) TypeInformation.of(type).createSerializer(new SerializerConfigImpl());
            assertThat(serializer).isInstanceOf(PojoSerializer.class);
            slot = version.slot();
            opened.add(slot);
        }

        ForebayKeyedStateBackend<String> open(KeyGroupRange range, List<KeyedStateHandle> parts) throws Exception {
            Configuration options = BackendHarness.options(temporary);
            // Else a later checkpoint refers to files that only the JobManager would know.
            options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
            return slot.forebay(
                    options, StringSerializer.INSTANCE, KEY_GROUPS, range, BackendHarness.assign(parts, range));
        }

        private Object account(int i) throws ReflectiveOperationException {
            Object account = type.getConstructor().newInstance();
            type.getField("id").setLong(account, i);
            type.getField("note").set(account, "note " + i);
            return account;
        }

        private boolean isAccount(Object account, int i) throws ReflectiveOperationException {
            return type.getField("id").getLong(account) == i
                    && type.getField("note").get(account).equals("note " + i);
        }

        /** Keys of the key groups of the backend. */
        private List<Integer> keys(ForebayKeyedStateBackend<String> backend) {
            List<Integer> keys = new ArrayList<>();
            for (int i = 0; i < KEYS; i++) {
                int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup("key-" + i, KEY_GROUPS);
                if (backend.getKeyGroupRange().contains(keyGroup)) {
                    keys.add(i);
                }
            }
            return keys;
        }

        void put(ForebayKeyedStateBackend<String> backend) throws Exception {
            ValueState<Object> value = value(backend);
            ListState<Object> list = list(backend);
            MapState<Integer, Object> map = map(backend);
            for (int i : keys(backend)) {
                backend.setCurrentKey("key-" + i);
                value.update(account(i));
                list.update(List.of(account(i + 1), account(i + 2)));
                map.put(i, account(i + 3));
            }
        }

        void check(ForebayKeyedStateBackend<String> backend) throws Exception {
            ValueState<Object> value = value(backend);
            ListState<Object> list = list(backend);
            MapState<Integer, Object> map = map(backend);
            assertThat(keys(backend)).isNotEmpty();
            for (int i : keys(backend)) {
                backend.setCurrentKey("key-" + i);
                assertThat(isAccount(value.value(), i)).isTrue();
                List<Object> elements = new ArrayList<>();
                list.get().forEach(elements::add);
                assertThat(elements).hasSize(2);
                assertThat(isAccount(elements.get(0), i + 1)).isTrue();
                assertThat(isAccount(elements.get(1), i + 2)).isTrue();
                assertThat(isAccount(map.get(i), i + 3)).isTrue();
            }
        }

        private ValueState<Object> value(ForebayKeyedStateBackend<String> backend) throws Exception {
            return BackendHarness.state(backend, new ValueStateDescriptor<>("value", serializer));
        }

        private ListState<Object> list(ForebayKeyedStateBackend<String> backend) throws Exception {
            return BackendHarness.state(backend, new ListStateDescriptor<>("list", serializer));
        }

        private MapState<Integer, Object> map(ForebayKeyedStateBackend<String> backend) throws Exception {
            return BackendHarness.state(backend, new MapStateDescriptor<>("map", IntSerializer.INSTANCE, serializer));
        }

        /** A backend for each of {@code parallelism} subtasks. */
        List<ForebayKeyedStateBackend<String>> openAll(int parallelism, List<KeyedStateHandle> parts) throws Exception {
            List<ForebayKeyedStateBackend<String>> backends = new ArrayList<>();
            for (KeyGroupRange range : ranges(parallelism)) {
                backends.add(open(range, parts));
            }
            return backends;
        }
    }

    /** The kinds alternate. */
    private static List<KeyedStateHandle> snapshot(
            List<ForebayKeyedStateBackend<String>> backends, Kind first, Kind second) throws Exception {
        List<KeyedStateHandle> parts = new ArrayList<>();
        for (int i = 0; i < backends.size(); i++) {
            parts.add((i % 2 == 0 ? first : second).of(backends.get(i)));
        }
        return parts;
    }

    private static List<KeyedStateHandle> checkpointBefore(Job before, int parallelism, Kind first, Kind second)
            throws Exception {
        List<ForebayKeyedStateBackend<String>> backends = before.openAll(parallelism, List.of());
        for (ForebayKeyedStateBackend<String> backend : backends) {
            before.put(backend);
        }
        List<KeyedStateHandle> parts = snapshot(backends, first, second);
        for (ForebayKeyedStateBackend<String> backend : backends) {
            before.slot.dispose(backend);
        }
        return parts;
    }

    @ParameterizedTest
    @MethodSource("changesAndKinds")
    void theJobMayBeRescaledWithTheUpgrade(Change change, Kind first, Kind second) throws Exception {
        List<KeyedStateHandle> parts = checkpointBefore(new Job(change.before), 2, first, second);
        Job after = new Job(change.after);
        for (int parallelism : new int[] {1, 2, 3}) {
            List<ForebayKeyedStateBackend<String>> backends = after.openAll(parallelism, parts);
            for (ForebayKeyedStateBackend<String> backend : backends) {
                after.check(backend);
                after.slot.dispose(backend);
            }
        }
    }

    /** Flink writes the snapshot of a serializer anew that it has restored and nobody has used; missing fields lose their names. */
    @ParameterizedTest
    @MethodSource("changesAndKinds")
    void andOnceMoreBeforeTheStateIsUsed(Change change, Kind first, Kind second) throws Exception {
        List<KeyedStateHandle> parts = checkpointBefore(new Job(change.before), 4, first, second);
        Job after = new Job(change.after);
        List<ForebayKeyedStateBackend<String>> unused = after.openAll(2, parts);
        List<KeyedStateHandle> again = snapshot(unused, first, second);
        ForebayKeyedStateBackend<String> backend = after.open(ranges(1).get(0), again);
        after.check(backend);
    }

    /** A subtask migrates its values when it first uses the state, so only one of the two has. */
    @ParameterizedTest
    @MethodSource("changesAndKinds")
    void partsFromBeforeAndAfterItAreEachReadAsTheyWereWritten(Change change, Kind first, Kind second)
            throws Exception {
        List<KeyedStateHandle> parts = checkpointBefore(new Job(change.before), 2, first, second);
        Job after = new Job(change.after);
        List<ForebayKeyedStateBackend<String>> backends = after.openAll(2, parts);
        after.check(backends.get(1));
        List<KeyedStateHandle> mixed = snapshot(backends, first, second);
        KeyGroupRange all = ranges(1).get(0);
        for (List<KeyedStateHandle> order :
                List.of(List.of(mixed.get(0), mixed.get(1)), List.of(mixed.get(1), mixed.get(0)))) {
            ForebayKeyedStateBackend<String> unused = after.open(all, order);
            KeyedStateHandle again = second.of(unused);
            after.slot.dispose(unused);
            for (List<KeyedStateHandle> handles : List.of(order, List.of(again))) {
                ForebayKeyedStateBackend<String> backend = after.open(all, handles);
                after.check(backend);
                KeyedStateHandle used = first.of(backend);
                after.slot.dispose(backend);
                for (ForebayKeyedStateBackend<String> third : after.openAll(3, List.of(used))) {
                    after.check(third);
                    after.slot.dispose(third);
                }
            }
        }
        for (ForebayKeyedStateBackend<String> backend : after.openAll(2, mixed)) {
            after.check(backend);
        }
    }
}
