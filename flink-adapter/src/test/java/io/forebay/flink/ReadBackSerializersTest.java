package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.EnumSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.util.StateMigrationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The changelog backend registers states with serializers that it has read back from its log, before the job registers
 * them with its own.
 */
class ReadBackSerializersTest extends UnlikePartsFixture {
    @ParameterizedTest
    @EnumSource(Shape.class)
    void constantsMayBeInAnotherOrder(Shape shape) throws Exception {
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

    private static TypeSerializer<Object> readBack(Job job, TypeSerializer<Object> serializer) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        return TypeSerializerSnapshot.<Object>readVersionedSnapshot(
                        new DataInputDeserializer(out.getCopyOfBuffer()), job.classes.loader())
                .restoreSerializer();
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void classesThatWereMetAreNoReasonToRewrite(Shape shape) throws Exception {
        Job job = new Job(HIERARCHY, "Base", shape, false);
        KeyedStateHandle[] parts = subclassesByPart(job, Kind.NATIVE);
        for (String met : List.of("Base", "SubA", "SubB")) {
            TypeSerializer<Object> serializer = job.serializer();
            serializer.serialize(job.pojo(met, 1), new DataOutputSerializer(64));
            ForebayKeyedStateBackend<String> both = job.open(ALL, parts);
            both.createOrUpdateInternalState(
                    VoidNamespaceSerializer.INSTANCE,
                    job.descriptor(readBack(job, serializer)),
                    StateSnapshotTransformFactory.noTransform(),
                    true);
            job.check(both);
            assertThat(both.store().statistics().writes())
                    .as("nothing is rewritten")
                    .isZero();
        }
    }

    /** Flink changes the snapshot of a list or map serializer in place when the serializer is asked about it. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void aSnapshotIsTakenInSeveralRangesOfKeyGroups(Shape shape) throws Exception {
        Job job = new Job(HIERARCHY, "Base", shape, false);
        ForebayKeyedStateBackend<String> before = job.open(ALL);
        job.put(before, 0, i -> job.pojo("Base", i));
        KeyedStateHandle whole = Kind.NATIVE.of(before);
        ForebayKeyedStateBackend<String> middle = job.open(new KeyGroupRange(4, 11), whole);
        job.check(middle);
        ForebayKeyedStateBackend<String> after = job.open(ALL, whole, Kind.NATIVE.of(middle));
        after.createOrUpdateInternalState(
                VoidNamespaceSerializer.INSTANCE,
                job.descriptor(readBack(job, job.serializer())),
                StateSnapshotTransformFactory.noTransform(),
                true);
        job.check(after);
        assertThat(after.store().statistics().writes())
                .as("nothing is rewritten")
                .isZero();
    }

    /** A part from before a field was added and a part from after that, and the serializer that the log brings. */
    private ForebayKeyedStateBackend<String> readBackBeside(boolean present, Job after) throws Exception {
        Job before = new Job(HIERARCHY, "Base", Shape.VALUE, false);
        KeyedStateHandle[] parts = subclassesByPart(before, Kind.NATIVE);
        TypeSerializer<Object> serializer = readBack(after, (present ? after : before).serializer());
        ForebayKeyedStateBackend<String> lower = after.open(LOWER, parts);
        after.check(lower);
        ForebayKeyedStateBackend<String> both = after.open(ALL, Kind.NATIVE.of(lower), parts[1]);
        both.createOrUpdateInternalState(
                VoidNamespaceSerializer.INSTANCE,
                after.descriptor(serializer),
                StateSnapshotTransformFactory.noTransform(),
                true);
        return both;
    }

    private Job withField() throws Exception {
        return new Job(
                HIERARCHY.replace("public int z;", "public int added; public int z;"), "Base", Shape.VALUE, false);
    }

    @Test
    void thePresentSerializerMayMigrateSomeParts() throws Exception {
        Job after = withField();
        ForebayKeyedStateBackend<String> both = readBackBeside(true, after);
        after.check(both);
        after.check(after.open(ALL, Kind.NATIVE.of(both)));
    }

    @Test
    void anEarlierSerializerMigratesNoLaterPart() throws Exception {
        Job after = withField();
        ForebayKeyedStateBackend<String> both = readBackBeside(false, after);
        assertThatThrownBy(() -> after.check(both))
                .isInstanceOf(StateMigrationException.class)
                .hasMessageContaining("parts of the state state")
                .hasMessageContaining("with the job and at the parallelism that it was taken with");
    }

    /** Else the snapshot would hide that a part may have been migrated backward. */
    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"NATIVE", "CANONICAL"})
    void noSnapshotIsTakenBeforeThePresentSerializerIsKnown(Kind kind) throws Exception {
        Job after = withField();
        ForebayKeyedStateBackend<String> both = readBackBeside(true, after);
        assertThatThrownBy(() -> kind.of(both))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the job has not registered the state state")
                .hasMessageContaining("register all states when the job starts");
        after.check(both);
        after.check(after.open(ALL, kind.of(both)));
    }
}
