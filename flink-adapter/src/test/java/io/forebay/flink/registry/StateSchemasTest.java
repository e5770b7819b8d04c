package io.forebay.flink.registry;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonSerializerKeys;
import org.junit.jupiter.api.Test;

/** Serializer snapshots of users, which answer as if they were of the serializer of today. */
class StateSchemasTest {
    private static final int TODAY = 2;

    /** As the checkpoint of a serializer of {@code version} is read today. */
    private static class Upgraded implements TypeSerializerSnapshot<Integer> {
        private final int version;
        private final int content;

        Upgraded(int version, int content) {
            this.version = version;
            this.content = content;
        }

        @Override
        public int getCurrentVersion() {
            return TODAY;
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            out.writeInt(content);
        }

        @Override
        public void readSnapshot(int readVersion, DataInputView in, ClassLoader userCodeClassLoader) {
            throw new UnsupportedOperationException();
        }

        @Override
        public TypeSerializer<Integer> restoreSerializer() {
            return IntSerializer.INSTANCE;
        }

        @Override
        public TypeSerializerSchemaCompatibility<Integer> resolveSchemaCompatibility(
                TypeSerializerSnapshot<Integer> old) {
            return ((Upgraded) old).version < TODAY
                    ? TypeSerializerSchemaCompatibility.compatibleAfterMigration()
                    : TypeSerializerSchemaCompatibility.compatibleAsIs();
        }
    }

    private static final class Throwing extends Upgraded {
        Throwing(int content) {
            super(TODAY, content);
        }

        @Override
        public TypeSerializerSchemaCompatibility<Integer> resolveSchemaCompatibility(
                TypeSerializerSnapshot<Integer> old) {
            throw new IllegalStateException("Missing key");
        }
    }

    private static final class Unwritable extends Upgraded {
        Unwritable(int version) {
            super(version, 0);
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            throw new IOException("no such content");
        }
    }

    private static StateMetaInfoSnapshot part(TypeSerializerSnapshot<?> serializer) {
        return new StateMetaInfoSnapshot(
                "count",
                BackendStateType.KEY_VALUE,
                Map.of(),
                Map.of(CommonSerializerKeys.VALUE_SERIALIZER.toString(), serializer));
    }

    private static void areAlike(TypeSerializerSnapshot<?> a, TypeSerializerSnapshot<?> b) {
        assertThatCode(() -> StateSchemas.checkAlike(part(a), part(b))).doesNotThrowAnyException();
        assertThatCode(() -> StateSchemas.checkAlike(part(b), part(a))).doesNotThrowAnyException();
    }

    private static void areRefused(TypeSerializerSnapshot<?> a, TypeSerializerSnapshot<?> b, String... reasons) {
        assertThatThrownBy(() -> StateSchemas.checkAlike(part(a), part(b)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("The state 'count'")
                .hasMessageContaining("VALUE_SERIALIZER")
                .hasMessageContaining("restore at the parallelism of the checkpoint")
                .satisfies(refusal -> {
                    for (String reason : reasons) {
                        assertThatThrownBy(() -> {
                                    throw refusal;
                                })
                                .hasStackTraceContaining(reason);
                    }
                });
    }

    @Test
    void partsOfOneVersionAreAlikeThoughTheSerializerOfTodayMigratesThem() {
        areAlike(new Upgraded(1, 7), new Upgraded(1, 7));
        areAlike(new Upgraded(TODAY, 7), new Upgraded(TODAY, 7));
    }

    @Test
    void partsOfTwoVersionsAreRefusedThoughTheyWriteTheSameToday() {
        areRefused(new Upgraded(1, 7), new Upgraded(TODAY, 7));
        areRefused(new Upgraded(TODAY, 7), new Upgraded(1, 7));
    }

    @Test
    void partsThatDifferAreAlikeWhenOneReadsTheOther() {
        areAlike(new Upgraded(TODAY, 7), new Upgraded(TODAY, 8));
        areRefused(new Upgraded(1, 7), new Upgraded(1, 8));
    }

    @Test
    void whatCannotBeAskedIsAlikeOnlyWhenItWritesTheSame() {
        areAlike(new Throwing(7), new Throwing(7));
        areRefused(new Throwing(7), new Throwing(8), "Missing key");
    }

    @Test
    void whatCannotBeWrittenIsAsked() {
        areAlike(new Unwritable(TODAY), new Unwritable(TODAY));
        areRefused(new Unwritable(1), new Unwritable(1), "no such content");
    }
}
