package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.EnumSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Subtasks whose serializers have come to differ, because each has met other data or begun at another time, in one subtask. */
class UnlikePartsTest {
    private static final int KEY_GROUPS = 16;
    private static final int KEYS = 60;
    private static final KeyGroupRange LOWER = new KeyGroupRange(0, 7);
    private static final KeyGroupRange UPPER = new KeyGroupRange(8, 15);
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    private static final String HIERARCHY =
            "public static class Base { public int id; public int z; } public static class SubA extends Base { public int a; }"
                    + " public static class SubB extends Base { public int b; }";

    enum Shape {
        VALUE,
        LIST,
        MAP
    }

    enum Kind {
        NATIVE,
        CANONICAL,
        MIXED;

        KeyedStateHandle of(ForebayKeyedStateBackend<?> backend) throws Exception {
            return this == CANONICAL
                            || this == MIXED && backend.getKeyGroupRange().contains(0)
                    ? BackendHarness.canonicalSavepoint(backend)
                    : BackendHarness.snapshot(backend, 1, CheckpointType.CHECKPOINT, BackendHarness.memory())
                            .getJobManagerOwnedSnapshot();
        }
    }

    /** All shapes with all kinds, every other one with a time to live. */
    static Stream<Arguments> all() {
        return Stream.of(Shape.values())
                .flatMap(shape -> Stream.of(Kind.values())
                        .map(kind -> Arguments.of(shape, kind, (shape.ordinal() + kind.ordinal()) % 2 == 0)));
    }

    @TempDir
    private File temporary;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<Integer, String> model = new TreeMap<>();
    private final ClassLoader before = Thread.currentThread().getContextClassLoader();

    @AfterEach
    void close() throws Exception {
        Thread.currentThread().setContextClassLoader(before);
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    /** One version of the job: its classes, and one state. */
    private final class Job {
        private final ClassVersion classes;
        private final BackendHarness slot;
        private final String type;
        private final Shape shape;
        private final boolean timeToLive;

        Job(String classes, String type, Shape shape, boolean timeToLive) throws Exception {
            this.classes = new ClassVersion(Files.createTempDirectory(temporary.toPath(), "classes"), "Types", classes);
            opened.add(this.classes);
            slot = this.classes.slot();
            opened.add(slot);
            this.type = type;
            this.shape = shape;
            this.timeToLive = timeToLive;
        }

        /** Threads of tasks have the class loader of the job, which serializers of Flink take classes from. */
        private void enter() {
            Thread.currentThread().setContextClassLoader(classes.loader());
        }

        ForebayKeyedStateBackend<String> open(KeyGroupRange range, KeyedStateHandle... parts) throws Exception {
            enter();
            Configuration options = BackendHarness.options(temporary);
            options.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
            return slot.forebay(
                    options,
                    StringSerializer.INSTANCE,
                    KEY_GROUPS,
                    range,
                    BackendHarness.assign(List.of(parts), range));
        }

        @SuppressWarnings("unchecked")
        private TypeSerializer<Object> serializer() throws Exception {
            enter();
            return (TypeSerializer<Object>)
                    TypeInformation.of(classes.load(type)).createSerializer(new SerializerConfigImpl());
        }

        private <S extends State> S state(ForebayKeyedStateBackend<String> backend, StateDescriptor<S, ?> descriptor)
                throws Exception {
            if (timeToLive) {
                descriptor.enableTimeToLive(
                        StateTtlConfig.newBuilder(Duration.ofDays(1)).build());
            }
            return BackendHarness.state(backend, descriptor);
        }

        StateDescriptor<? extends State, ?> descriptor(TypeSerializer<Object> serializer) {
            return switch (shape) {
                case VALUE -> new ValueStateDescriptor<>("state", serializer);
                case LIST -> new ListStateDescriptor<>("state", serializer);
                case MAP -> new MapStateDescriptor<>("state", IntSerializer.INSTANCE, serializer);
            };
        }

        private ValueState<Object> value(ForebayKeyedStateBackend<String> backend) throws Exception {
            return state(backend, new ValueStateDescriptor<>("state", serializer()));
        }

        private ListState<Object> list(ForebayKeyedStateBackend<String> backend) throws Exception {
            return state(backend, new ListStateDescriptor<>("state", serializer()));
        }

        private MapState<Integer, Object> map(ForebayKeyedStateBackend<String> backend) throws Exception {
            return state(backend, new MapStateDescriptor<>("state", IntSerializer.INSTANCE, serializer()));
        }

        /** Sets the keys of the backend from {@code from} on to what {@code values} makes of them. */
        void put(ForebayKeyedStateBackend<String> backend, int from, IntFunction<Object> values) throws Exception {
            for (int i = from; i < KEYS; i++) {
                if (!select(backend, i)) {
                    continue;
                }
                Object put = values.apply(i);
                model.put(i, show(put));
                switch (shape) {
                    case VALUE -> value(backend).update(put);
                    case LIST -> list(backend).update(List.of(put, put));
                    case MAP -> map(backend).put(i, put);
                }
            }
        }

        void check(ForebayKeyedStateBackend<String> backend) throws Exception {
            int checked = 0;
            for (Map.Entry<Integer, String> entry : model.entrySet()) {
                if (select(backend, entry.getKey())) {
                    List<String> found = new ArrayList<>();
                    switch (shape) {
                        case VALUE -> found.add(show(value(backend).value()));
                        case LIST -> {
                            for (Object element : list(backend).get()) {
                                found.add(show(element));
                            }
                        }
                        case MAP -> found.add(show(map(backend).get(entry.getKey())));
                    }
                    assertThat(found).isNotEmpty().allMatch(entry.getValue()::equals, entry.getValue());
                    checked++;
                }
            }
            assertThat(checked).isPositive();
        }

        Object constant(String name) {
            try {
                for (Object constant : classes.load(type).getEnumConstants()) {
                    if (constant.toString().equals(name)) {
                        return constant;
                    }
                }
                throw new AssertionError(name);
            } catch (ClassNotFoundException e) {
                throw new AssertionError(e);
            }
        }

        Object pojo(String name, int i) {
            try {
                Object pojo = classes.load(name).getConstructor().newInstance();
                pojo.getClass().getField("id").setInt(pojo, i);
                pojo.getClass().getField("z").setInt(pojo, -i);
                return pojo;
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static boolean select(ForebayKeyedStateBackend<String> backend, int i) {
        String key = "key-" + i;
        if (!backend.getKeyGroupRange().contains(KeyGroupRangeAssignment.assignToKeyGroup(key, KEY_GROUPS))) {
            return false;
        }
        backend.setCurrentKey(key);
        return true;
    }

    private static String show(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof Enum) {
            return String.valueOf(value);
        }
        Class<?> type = value.getClass();
        return type.getSimpleName()
                + type.getField("id").getInt(value)
                + type.getField("z").getInt(value);
    }

    private KeyedStateHandle[] subclassesByPart(Job job, Kind kind) throws Exception {
        ForebayKeyedStateBackend<String> lower = job.open(LOWER);
        job.put(lower, 0, i -> job.pojo("SubA", i));
        ForebayKeyedStateBackend<String> upper = job.open(UPPER);
        job.put(upper, 0, i -> job.pojo("SubB", i));
        return new KeyedStateHandle[] {kind.of(lower), kind.of(upper)};
    }

    @ParameterizedTest
    @MethodSource("all")
    void subtasksMayHaveMetOtherClasses(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job job = new Job(HIERARCHY, "Base", shape, timeToLive);
        KeyedStateHandle[] parts = subclassesByPart(job, kind);
        ForebayKeyedStateBackend<String> both = job.open(ALL, parts[1], parts[0]);
        long writes = both.store().statistics().writes();
        job.check(both);
        assertThat(both.store().statistics().writes())
                .as("nothing is rewritten")
                .isEqualTo(writes);
        job.put(both, 40, i -> job.pojo(i % 2 == 0 ? "SubA" : "Base", i));
        KeyedStateHandle next = kind.of(both);
        job.check(job.open(LOWER, next));
        job.check(job.open(UPPER, next));
    }

    @ParameterizedTest
    @MethodSource("all")
    void andLostAFieldInTheSameStep(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        String before = HIERARCHY.replace("public int z;", "public int old; public int z;");
        KeyedStateHandle[] parts = subclassesByPart(new Job(before, "Base", shape, timeToLive), kind);
        Job after = new Job(HIERARCHY, "Base", shape, timeToLive);
        ForebayKeyedStateBackend<String> unused = after.open(ALL, parts);
        KeyedStateHandle again = kind.of(unused);
        after.check(unused);
        after.check(after.open(ALL, again));
        after.check(after.open(new KeyGroupRange(4, 11), again));
    }

    /** Only the subtask that has met a class can tell how it was written. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void aClassThatOneSubtaskHasMetMayHaveChanged(Shape shape) throws Exception {
        String before = HIERARCHY.replace("public int b;", "public int b; public int old;");
        Job job = new Job(before, "Base", shape, false);
        ForebayKeyedStateBackend<String> lower = job.open(LOWER);
        job.put(lower, 0, i -> job.pojo("Base", i));
        KeyedStateHandle plain = Kind.NATIVE.of(lower);
        ForebayKeyedStateBackend<String> upper = job.open(UPPER);
        job.put(upper, 0, i -> job.pojo("SubB", i));
        KeyedStateHandle derived = Kind.NATIVE.of(upper);
        Job after = new Job(HIERARCHY, "Base", shape, false);
        after.check(after.open(ALL, plain, derived));
        after.check(after.open(ALL, derived, plain));
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void theTimeToLiveMayHaveComeMeanwhile(Shape shape) throws Exception {
        Job before = new Job(HIERARCHY, "Base", shape, false);
        KeyedStateHandle[] parts = subclassesByPart(before, Kind.NATIVE);
        Job after = new Job(HIERARCHY, "Base", shape, true);
        ForebayKeyedStateBackend<String> lower = after.open(LOWER, parts);
        after.check(lower);
        KeyedStateHandle used = Kind.CANONICAL.of(lower);
        KeyedStateHandle unused = Kind.NATIVE.of(after.open(UPPER, parts));
        after.check(after.open(ALL, used, unused));
        KeyedStateHandle again = Kind.NATIVE.of(after.open(ALL, unused, used));
        after.check(after.open(ALL, again));
        // And gone again.
        before.check(before.open(ALL, again));
    }

    /** The state is registered with its first record: one subtask keeps the order it has restored, the other has today's. */
    private KeyedStateHandle[] ordersByPart(Shape shape, Kind kind, boolean timeToLive, Job after) throws Exception {
        Job before = new Job("public enum Color {A, B}", "Color", shape, timeToLive);
        ForebayKeyedStateBackend<String> lower = before.open(LOWER);
        before.put(lower, 20, i -> before.constant(i % 2 == 0 ? "A" : "B"));
        KeyedStateHandle first = kind.of(lower);
        lower = after.open(LOWER, first);
        after.check(lower);
        after.put(lower, 40, i -> after.constant(i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C"));
        ForebayKeyedStateBackend<String> upper = after.open(UPPER);
        after.put(upper, 0, i -> after.constant(i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C"));
        return new KeyedStateHandle[] {kind.of(lower), kind.of(upper)};
    }

    @ParameterizedTest
    @MethodSource("all")
    void constantsOfAnEnumMayBeInAnotherOrder(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job after = new Job("public enum Color {C, A, B}", "Color", shape, timeToLive);
        KeyedStateHandle[] parts = ordersByPart(shape, kind, timeToLive, after);
        for (List<KeyedStateHandle> order : List.of(List.of(parts[0], parts[1]), List.of(parts[1], parts[0]))) {
            KeyedStateHandle[] handles = order.toArray(new KeyedStateHandle[0]);
            ForebayKeyedStateBackend<String> both = after.open(ALL, handles);
            after.check(both);
            after.put(both, 50, i -> after.constant("C"));
            KeyedStateHandle next = kind.of(both);
            after.check(after.open(LOWER, next));
            after.check(after.open(UPPER, next));
            // Of the parts, which know nothing of that.
            model.replaceAll((i, value) -> i < 50 ? value : i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C");
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void alsoWhenTheStateIsNotUsedUntilTheRescaleAfter(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job after = new Job("public enum Color {C, A, B}", "Color", shape, timeToLive);
        KeyedStateHandle[] parts = ordersByPart(shape, kind, timeToLive, after);
        KeyedStateHandle again = kind.of(after.open(ALL, parts));
        KeyedStateHandle middle = kind.of(after.open(new KeyGroupRange(0, 11), again));
        KeyedStateHandle upper = kind.of(after.open(new KeyGroupRange(12, 15), again));
        after.check(after.open(ALL, again));
        after.check(after.open(ALL, upper, middle));
        after.check(after.open(new KeyGroupRange(4, 13), middle, upper));
        after.check(after.open(UPPER, again));
    }

    /** The changelog backend registers a state with a serializer that it has read back, before the job does. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void alsoWhenARestoredSerializerIsRegisteredFirst(Shape shape) throws Exception {
        Job after = new Job("public enum Color {C, A, B}", "Color", shape, false);
        KeyedStateHandle[] parts = ordersByPart(shape, Kind.NATIVE, false, after);
        for (boolean today : new boolean[] {false, true}) {
            TypeSerializer<Object> readBack = today ? after.serializer() : firstOrder(after);
            ForebayKeyedStateBackend<String> both = after.open(ALL, parts);
            StateDescriptor<? extends State, ?> descriptor = after.descriptor(readBack);
            both.createOrUpdateInternalState(
                    VoidNamespaceSerializer.INSTANCE, descriptor, StateSnapshotTransformFactory.noTransform(), true);
            // Once more, as for the log of the other subtask.
            both.createOrUpdateInternalState(
                    VoidNamespaceSerializer.INSTANCE,
                    after.descriptor(today ? firstOrder(after) : after.serializer()),
                    StateSnapshotTransformFactory.noTransform(),
                    true);
            after.check(both);
        }
    }

    @SuppressWarnings("unchecked")
    private static TypeSerializer<Object> firstOrder(Job job) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(64);
        out.writeUTF(job.classes.load("Color").getName());
        out.writeInt(2);
        out.writeUTF("A");
        out.writeUTF("B");
        EnumSerializer.EnumSerializerSnapshot<?> old = new EnumSerializer.EnumSerializerSnapshot<>();
        old.readSnapshot(3, new DataInputDeserializer(out.getCopyOfBuffer()), job.classes.loader());
        return job.serializer()
                .snapshotConfiguration()
                .resolveSchemaCompatibility((TypeSerializerSnapshot<Object>) (TypeSerializerSnapshot<?>) old)
                .getReconfiguredSerializer();
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void alsoWhenThatHasMetOtherClasses(Shape shape) throws Exception {
        Job job = new Job(HIERARCHY, "Base", shape, false);
        KeyedStateHandle[] parts = subclassesByPart(job, Kind.NATIVE);
        for (String met : List.of("Base", "SubA", "SubB")) {
            TypeSerializer<Object> serializer = job.serializer();
            serializer.serialize(job.pojo(met, 1), new DataOutputSerializer(64));
            DataOutputSerializer out = new DataOutputSerializer(64);
            TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
            TypeSerializer<Object> readBack = TypeSerializerSnapshot.<Object>readVersionedSnapshot(
                            new DataInputDeserializer(out.getCopyOfBuffer()), job.classes.loader())
                    .restoreSerializer();
            ForebayKeyedStateBackend<String> both = job.open(ALL, parts);
            both.createOrUpdateInternalState(
                    VoidNamespaceSerializer.INSTANCE,
                    job.descriptor(readBack),
                    StateSnapshotTransformFactory.noTransform(),
                    true);
            job.check(both);
            assertThat(both.store().statistics().writes())
                    .as("nothing is rewritten")
                    .isZero();
        }
    }

    @Test
    void restoredSerializersMigrateNoPartBesideAnother() throws Exception {
        Job before = new Job(
                HIERARCHY.replace("public int z;", "public int old; public int z;"), "Base", Shape.VALUE, false);
        KeyedStateHandle[] parts = subclassesByPart(before, Kind.NATIVE);
        Job after = new Job(HIERARCHY, "Base", Shape.VALUE, false);
        ForebayKeyedStateBackend<String> lower = after.open(LOWER, parts);
        after.check(lower);
        ForebayKeyedStateBackend<String> both = after.open(ALL, Kind.NATIVE.of(lower), parts[1]);
        assertThatThrownBy(() -> both.createOrUpdateInternalState(
                        VoidNamespaceSerializer.INSTANCE,
                        after.descriptor(after.serializer()),
                        StateSnapshotTransformFactory.noTransform(),
                        true))
                .isInstanceOf(StateMigrationException.class)
                .hasMessageContaining("The state state")
                .hasMessageContaining("restore at the parallelism of the checkpoint");
    }

    private MapState<Object, String> byConstant(Job job, ForebayKeyedStateBackend<String> backend) throws Exception {
        return BackendHarness.state(
                backend, new MapStateDescriptor<>("byConstant", job.serializer(), StringSerializer.INSTANCE));
    }

    /** User keys are in the keys of rows, which stay as they are. */
    @Test
    void userKeysInAnotherOrderAreRefusedByNameIfThereAreAny() throws Exception {
        Job before = new Job("public enum Color {A, B}", "Color", Shape.MAP, false);
        ForebayKeyedStateBackend<String> lower = before.open(LOWER);
        for (int i = 0; i < KEYS; i++) {
            if (select(lower, i)) {
                byConstant(before, lower).put(before.constant("A"), "A");
            }
        }
        KeyedStateHandle old = Kind.NATIVE.of(lower);
        Job after = new Job("public enum Color {A, C, B}", "Color", Shape.MAP, false);
        for (String constant : List.of("A", "B")) {
            ForebayKeyedStateBackend<String> upper = after.open(UPPER);
            for (int i = 0; i < KEYS; i++) {
                if (select(upper, i)) {
                    byConstant(after, upper).put(after.constant(constant), constant);
                }
            }
            ForebayKeyedStateBackend<String> kept = after.open(LOWER, old);
            byConstant(after, kept);
            ForebayKeyedStateBackend<String> both = after.open(ALL, Kind.CANONICAL.of(kept), Kind.NATIVE.of(upper));
            if (constant.equals("A")) {
                // Which has the same number in both orders.
                for (int i = 0; i < KEYS; i++) {
                    select(both, i);
                    assertThat(byConstant(after, both).get(after.constant("A"))).isEqualTo("A");
                }
            } else {
                for (int i = 0; i < KEYS; i++) {
                    if (select(kept, i)) {
                        byConstant(after, kept).put(after.constant("B"), "B");
                    }
                }
                ForebayKeyedStateBackend<String> refused =
                        after.open(ALL, Kind.CANONICAL.of(kept), Kind.NATIVE.of(upper));
                assertThatThrownBy(() -> byConstant(after, refused))
                        .hasStackTraceContaining("byConstant")
                        .hasStackTraceContaining("restore at the parallelism of the checkpoint");
            }
        }
    }
}
