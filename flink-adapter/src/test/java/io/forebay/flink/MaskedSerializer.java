package io.forebay.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.testutils.statemigration.TestType;

/**
 * A serializer of a user whose format has a parameter: it writes values xor a mask, and is reconfigured to the mask of what is
 * restored. About some masks it does not answer.
 */
final class MaskedSerializer extends TestType.TestTypeSerializerBase {
    static final int CANNOT_BE_ASKED = 1 << 20;
    static final int INCOMPATIBLE = 1 << 21;

    private final int mask;

    MaskedSerializer(int mask) {
        this.mask = mask;
    }

    @Override
    public void serialize(TestType value, DataOutputView out) throws IOException {
        out.writeUTF(value.getKey());
        out.writeInt(value.getValue() ^ mask);
    }

    @Override
    public TestType deserialize(DataInputView in) throws IOException {
        return new TestType(in.readUTF(), in.readInt() ^ mask);
    }

    @Override
    public TypeSerializer<TestType> duplicate() {
        return this;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MaskedSerializer && ((MaskedSerializer) other).mask == mask;
    }

    @Override
    public int hashCode() {
        return mask;
    }

    @Override
    public TypeSerializerSnapshot<TestType> snapshotConfiguration() {
        return new Masks(mask);
    }

    public static final class Masks implements TypeSerializerSnapshot<TestType> {
        private int mask;

        /** For Flink. */
        public Masks() {}

        Masks(int mask) {
            this.mask = mask;
        }

        @Override
        public int getCurrentVersion() {
            return 1;
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            out.writeInt(mask);
        }

        @Override
        public void readSnapshot(int readVersion, DataInputView in, ClassLoader userCodeClassLoader)
                throws IOException {
            mask = in.readInt();
        }

        @Override
        public TypeSerializer<TestType> restoreSerializer() {
            return new MaskedSerializer(mask);
        }

        @Override
        public TypeSerializerSchemaCompatibility<TestType> resolveSchemaCompatibility(
                TypeSerializerSnapshot<TestType> old) {
            int oldMask = ((Masks) old).mask;
            if (oldMask == CANNOT_BE_ASKED) {
                throw new IllegalStateException("It cannot be asked");
            }
            if (oldMask == INCOMPATIBLE) {
                return TypeSerializerSchemaCompatibility.incompatible();
            }
            return oldMask == mask
                    ? TypeSerializerSchemaCompatibility.compatibleAsIs()
                    : TypeSerializerSchemaCompatibility.compatibleWithReconfiguredSerializer(
                            new MaskedSerializer(oldMask));
        }
    }
}
