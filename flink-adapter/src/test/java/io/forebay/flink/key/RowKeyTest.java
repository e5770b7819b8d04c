package io.forebay.flink.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.array.IntPrimitiveArraySerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.SerializedCompositeKeyBuilder;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;

class RowKeyTest {
    private static final int STATE_ID = 0xA1B2C3D4;

    @Test
    void rowsMapToTheCompositeKeysOfFlink() throws IOException {
        String longText = "x".repeat(300);
        for (int keyGroupBytes : new int[] {1, 2}) {
            assertLikeFlink(
                    42,
                    IntSerializer.INSTANCE,
                    VoidNamespace.INSTANCE,
                    VoidNamespaceSerializer.INSTANCE,
                    7,
                    keyGroupBytes);
            assertLikeFlink(
                    "key",
                    StringSerializer.INSTANCE,
                    VoidNamespace.INSTANCE,
                    VoidNamespaceSerializer.INSTANCE,
                    0,
                    keyGroupBytes);
            assertLikeFlink("key", StringSerializer.INSTANCE, 17, IntSerializer.INSTANCE, 127, keyGroupBytes);
            // both of variable length: the lengths are written as well
            assertLikeFlink("key", StringSerializer.INSTANCE, "namespace", StringSerializer.INSTANCE, 3, keyGroupBytes);
            assertLikeFlink(longText, StringSerializer.INSTANCE, longText, StringSerializer.INSTANCE, 3, keyGroupBytes);
            assertLikeFlink("", StringSerializer.INSTANCE, "", StringSerializer.INSTANCE, 3, keyGroupBytes);
        }
        assertLikeFlink("key", StringSerializer.INSTANCE, "ns", StringSerializer.INSTANCE, 32767, 2);
    }

    private static <K, N> void assertLikeFlink(
            K key, TypeSerializer<K> keys, N namespace, TypeSerializer<N> namespaces, int keyGroup, int keyGroupBytes)
            throws IOException {
        SerializedCompositeKeyBuilder<K> flink = new SerializedCompositeKeyBuilder<>(keys, keyGroupBytes, 8);
        flink.setKeyAndKeyGroup(key, keyGroup);
        RowKey<K> row = new RowKey<>(keys);
        row.setKey(key, keyGroup);
        boolean ambiguous = CompositeKeySerializationUtils.isAmbiguousKeyPossible(keys, namespaces);
        // twice: a second row of the same key must not see anything of the first
        for (int i = 0; i < 2; i++) {
            row.setRow(STATE_ID, namespace, namespaces, ambiguous);
            byte[] bytes = row.toByteArray();
            byte[] canonical = flink.buildCompositeKeyNamespace(namespace, namespaces);
            assertThat(KeyLayout.toCanonical(row.array(), row.length(), keyGroupBytes))
                    .isEqualTo(canonical);
            assertThat(KeyLayout.fromCanonical(canonical, keyGroupBytes, STATE_ID))
                    .isEqualTo(bytes);
            assertThat(KeyLayout.keyGroup(bytes)).isEqualTo(keyGroup);
            assertThat(KeyLayout.stateId(bytes)).isEqualTo(STATE_ID);

            row.appendUserKey("user key", StringSerializer.INSTANCE);
            assertThat(KeyLayout.toCanonical(row.array(), row.length(), keyGroupBytes))
                    .isEqualTo(flink.buildCompositeKeyNamesSpaceUserKey(
                            namespace, namespaces, "user key", StringSerializer.INSTANCE));
            assertThat(KeyLayout.startsWith(row.array(), row.length(), bytes)).isTrue();
        }
    }

    /** The example of docs/format/flink.md. */
    @Test
    void rowsHaveAFixedForm() {
        RowKey<Integer> row = new RowKey<>(IntSerializer.INSTANCE);
        row.setKey(7, 5);
        row.setRow(0x655009FD, VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, false);
        assertThat(HexFormat.of().formatHex(row.toByteArray())).isEqualTo("0005" + "655009fd" + "00000007" + "00");
    }

    @Test
    void aKeyIsTakenAsItIsWhenItIsSelected() throws IOException {
        int[] mutable = {1};
        RowKey<int[]> row = new RowKey<>(IntPrimitiveArraySerializer.INSTANCE);
        row.setKey(mutable, 0);
        row.setRow(1, VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, false);
        byte[] before = row.toByteArray();
        mutable[0] = 2;
        row.setRow(1, VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, false);
        assertThat(row.toByteArray()).isEqualTo(before);
    }

    @Test
    void stateWithoutAKeyIsRefused() {
        RowKey<Integer> row = new RowKey<>(IntSerializer.INSTANCE);
        assertThatThrownBy(() -> row.setRow(1, VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("No key set");
    }

    @Test
    void keyGroupsAreContiguousRangesOverAllStates() {
        KeyGroupRange all = new KeyGroupRange(3, 32767);
        assertThat(KeyLayout.rows(all).from()).isEqualTo(new byte[] {0, 3});
        assertThat(KeyLayout.rows(all).to()).isEqualTo(new byte[] {(byte) 0x80, 0});
        KeyGroupRange one = new KeyGroupRange(255, 255);
        for (int stateId : new int[] {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(KeyLayout.rows(one).contains(KeyLayout.prefix(255, stateId)))
                    .isTrue();
            assertThat(KeyLayout.rows(one).contains(Arrays.copyOf(KeyLayout.prefix(255, stateId), 1000)))
                    .isTrue();
            assertThat(KeyLayout.rows(one).contains(KeyLayout.prefix(254, stateId)))
                    .isFalse();
            assertThat(KeyLayout.rows(one).contains(KeyLayout.prefix(256, stateId)))
                    .isFalse();
        }
    }
}
