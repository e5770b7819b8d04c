package io.forebay.flink.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.ttl.TtlAwareSerializer;
import org.junit.jupiter.api.Test;

class SerializerFormatsTest {
    public static class Base {
        public int id;
    }

    public static final class Derived extends Base {
        public int more;
    }

    private static final class NoPojo {
        NoPojo(int i) {}
    }

    private static TypeSerializer<Base> pojo(Class<?>... registered) {
        SerializerConfigImpl config = new SerializerConfigImpl();
        for (Class<?> each : registered) {
            config.registerPojoType(each);
        }
        return TypeInformation.of(Base.class).createSerializer(config);
    }

    private static TypeSerializer<NoPojo> kryo(Class<?>... registered) {
        SerializerConfigImpl config = new SerializerConfigImpl();
        for (Class<?> each : registered) {
            config.registerKryoType(each);
        }
        return new KryoSerializer<>(NoPojo.class, config);
    }

    @Test
    void classesThatWereMetMakeNoDifference() throws Exception {
        TypeSerializer<Base> met = pojo();
        met.serialize(new Derived(), new DataOutputSerializer(64));
        assertThat(SerializerFormats.areSame(met, pojo())).isTrue();
        assertThat(SerializerFormats.areSame(new ListSerializer<>(met), new ListSerializer<>(pojo())))
                .isTrue();
        assertThat(SerializerFormats.areSame(met, pojo(Derived.class))).isFalse();
    }

    @Test
    void theOrderOfRegistrationsDoes() {
        TypeSerializer<NoPojo> first = kryo(Base.class, Derived.class);
        TypeSerializer<NoPojo> second = kryo(Derived.class, Base.class);
        assertThat(first).as("what Kryo's serializer says").isEqualTo(second);
        assertThat(SerializerFormats.areSame(first, second)).isFalse();
        assertThat(SerializerFormats.areSame(first, kryo(Base.class, Derived.class)))
                .isTrue();
        assertThat(SerializerFormats.areSame(new ListSerializer<>(first), new ListSerializer<>(second)))
                .isFalse();
    }

    /** Flink puts it around serializers that it asks about each other, and leaves it in the snapshots of lists and maps. */
    @Test
    void flinksWrapperForTheTimeToLiveMakesNoDifference() {
        TypeSerializer<Long> plain = LongSerializer.INSTANCE;
        TypeSerializer<Long> wrapped = new TtlAwareSerializer<>(plain);
        assertThat(wrapped).isNotEqualTo(plain);
        assertThat(SerializerFormats.areSame(wrapped, plain)).isTrue();
        assertThat(SerializerFormats.areSame(plain, wrapped)).isTrue();
        assertThat(SerializerFormats.areSame(new ListSerializer<>(wrapped), new ListSerializer<>(plain)))
                .isTrue();
        assertThat(SerializerFormats.areSame(
                        new MapSerializer<>(StringSerializer.INSTANCE, wrapped),
                        new MapSerializer<>(StringSerializer.INSTANCE, plain)))
                .isTrue();
        assertThat(SerializerFormats.areSame(
                        new ListSerializer<>(wrapped), new ListSerializer<>(IntSerializer.INSTANCE)))
                .isFalse();
        assertThat(SerializerFormats.areSame(
                        new MapSerializer<>(IntSerializer.INSTANCE, wrapped),
                        new MapSerializer<>(StringSerializer.INSTANCE, plain)))
                .isFalse();
    }
}
