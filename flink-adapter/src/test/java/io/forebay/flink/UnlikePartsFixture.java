package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Jobs of two subtasks whose serializers have come to differ, because each subtask has met other data, or has begun to use
 * the state at another time. A job has one state. The model holds what the state should be.
 */
abstract class UnlikePartsFixture {
    static final int KEY_GROUPS = 16;
    static final int KEYS = 60;
    static final KeyGroupRange LOWER = new KeyGroupRange(0, 7);
    static final KeyGroupRange UPPER = new KeyGroupRange(8, 15);
    static final KeyGroupRange ALL = new KeyGroupRange(0, 15);

    static final String HIERARCHY =
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
    File temporary;

    private final List<AutoCloseable> opened = new ArrayList<>();
    final Map<Integer, String> model = new TreeMap<>();
    private final ClassLoader before = Thread.currentThread().getContextClassLoader();

    @AfterEach
    void close() throws Exception {
        Thread.currentThread().setContextClassLoader(before);
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    /** One version of the job: its classes, and one state. */
    final class Job {
        final ClassVersion classes;
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
        TypeSerializer<Object> serializer() throws Exception {
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

    static boolean select(ForebayKeyedStateBackend<String> backend, int i) {
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

    /** Two parts: the lower key groups have met one class of the hierarchy, the upper key groups another class. */
    final KeyedStateHandle[] subclassesByPart(Job job, Kind kind) throws Exception {
        ForebayKeyedStateBackend<String> lower = job.open(LOWER);
        job.put(lower, 0, i -> job.pojo("SubA", i));
        ForebayKeyedStateBackend<String> upper = job.open(UPPER);
        job.put(upper, 0, i -> job.pojo("SubB", i));
        return new KeyedStateHandle[] {kind.of(lower), kind.of(upper)};
    }

    /**
     * Two parts of an enum state. The lower key groups keep the order of constants that they have restored; the upper ones
     * register the state after the upgrade, and so have the order of {@code after}.
     */
    final KeyedStateHandle[] ordersByPart(Shape shape, Kind kind, boolean timeToLive, Job after) throws Exception {
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
}
