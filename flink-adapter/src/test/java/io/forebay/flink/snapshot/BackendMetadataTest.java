package io.forebay.flink.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.registry.StateIdTable;
import io.forebay.flink.registry.StateKind;
import io.forebay.flink.registry.StateRegistry;
import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackendMetadataTest {
    private static final ClassLoader LOADER = BackendMetadataTest.class.getClassLoader();

    private static final long GENERATION = 0x0102030405060708L;

    private final StateRegistry registry = new StateRegistry();
    private List<StateMetaInfoSnapshot> states;
    private byte[] checkpoint;

    @BeforeEach
    void takeCheckpoint() throws Exception {
        registry.register(
                StateKind.KEY_VALUE,
                new RegisteredKeyValueStateBackendMetaInfo<>(
                        StateDescriptor.Type.VALUE, "count", VoidNamespaceSerializer.INSTANCE, IntSerializer.INSTANCE));
        states = List.of(registry.inRowOrder().get(0).metaInfo().snapshot());
        try (Environment environment =
                        Environment.builder().memoryBytes(4 << 20).build();
                Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
            store.put(new byte[] {1}, new byte[] {2});
            try (Checkpoint taken = store.checkpoint(StateIdTable.encode(registry.inRowOrder()))) {
                taken.completion().get();
                checkpoint = taken.metadata();
            }
        }
    }

    private byte[] written() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(256);
        BackendMetadata.write(out, IntSerializer.INSTANCE, states, GENERATION, checkpoint);
        return out.getCopyOfBuffer();
    }

    private static BackendMetadata<Integer> read(byte[] bytes) throws IOException {
        return BackendMetadata.read(new DataInputDeserializer(bytes), LOADER);
    }

    private byte[] proxy() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(256);
        new KeyedBackendSerializationProxy<>(IntSerializer.INSTANCE, states, false).write(out);
        return out.getCopyOfBuffer();
    }

    @Test
    void isReadAsItWasWritten() throws IOException {
        BackendMetadata<Integer> metadata = read(written());
        assertThat(metadata.checkpoint()).isEqualTo(checkpoint);
        assertThat(metadata.generation()).isEqualTo(GENERATION);
        assertThat(metadata.description().files()).hasSize(1);
        assertThat(metadata.keySerializer().restoreSerializer()).isEqualTo(IntSerializer.INSTANCE);
        assertThat(metadata.states()).hasSize(1);
        assertThat(metadata.idOf(metadata.states().get(0)))
                .isEqualTo(registry.inRowOrder().get(0).id());
    }

    @Test
    void hasAFixedForm() throws IOException {
        DataOutputSerializer expected = new DataOutputSerializer(256);
        expected.write(proxy());
        expected.write(HexFormat.of().parseHex("46425359" + "0002" + "0102030405060708"));
        expected.writeInt(checkpoint.length);
        expected.write(checkpoint);
        assertThat(written()).isEqualTo(expected.getCopyOfBuffer());
    }

    /** Flink writes their number with two bytes. */
    @Test
    void moreEntriesThanFlinkWritesAreRefusedByName() throws IOException {
        StateMetaInfoSnapshot state = states.get(0);
        states = Collections.nCopies(Short.MAX_VALUE, state);
        assertThat(read(written()).states()).hasSize(Short.MAX_VALUE);
        states = Collections.nCopies(Short.MAX_VALUE + 1, state);
        assertThatThrownBy(this::written)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("1 states in 32768 entries")
                .hasMessageContaining("restore at the parallelism of the checkpoint");
    }

    @Test
    void metadataOfAnotherBackendIsRefusedWithAWayOut() throws IOException {
        byte[] foreign = proxy();
        assertThatThrownBy(() -> read(foreign))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not written by Forebay")
                .hasMessageContaining("canonical");
        byte[] withTail = Arrays.copyOf(foreign, foreign.length + 100);
        assertThatThrownBy(() -> read(withTail)).hasMessageContaining("not written by Forebay");
    }

    @Test
    void anotherVersionIsRefused() throws IOException {
        byte[] other = written();
        for (byte version : new byte[] {1, 3}) {
            other[proxy().length + 5] = version;
            assertThatThrownBy(() -> read(other))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("version " + version);
        }
    }

    @Test
    void aGenerationBelowTheFirstIsDamage() throws IOException {
        byte[] damaged = written();
        damaged[proxy().length + 6] = -1;
        assertThatThrownBy(() -> read(damaged))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged: its generation");
    }

    @Test
    void truncatedMetadataIsRefused() throws IOException {
        byte[] whole = written();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(part)).as("%d bytes", length).isInstanceOf(Exception.class);
        }
    }
}
