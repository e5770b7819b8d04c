package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.TreeMap;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** What the published suites leave open about map state. */
class MapStateTest extends KeyedStateFixture {
    private static byte[] serialized(int userKey) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(4);
        IntSerializer.INSTANCE.serialize(userKey, out);
        return out.getCopyOfBuffer();
    }

    @Test
    void mapsAreIteratedInTheOrderOfTheirSerializedKeys() throws Exception {
        MapState<Integer, String> map = map("map");
        List<Integer> expected = new ArrayList<>();
        Random random = new Random(3);
        for (int key = 1; key <= 3; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 3000; i++) {
                int userKey = random.nextInt();
                map.put(userKey, "v");
                if (key == 2) {
                    expected.add(userKey);
                }
            }
        }
        List<byte[]> bytes = new ArrayList<>();
        for (int userKey : new HashSet<>(expected)) {
            bytes.add(serialized(userKey));
        }
        bytes.sort(Arrays::compareUnsigned);
        for (int round = 0; round < 2; round++) {
            backend.setCurrentKey(2);
            List<byte[]> iterated = new ArrayList<>();
            for (int userKey : map.keys()) {
                iterated.add(serialized(userKey));
            }
            assertThat(iterated).usingElementComparator(Arrays::compareUnsigned).containsExactlyElementsOf(bytes);
            reopen();
            map = map("map");
        }
    }

    @Test
    void entriesWriteThroughAndIteratorsSeeBehindABatchWhatHappenedMeanwhile() throws Exception {
        MapState<Integer, String> map = map("map");
        backend.setCurrentKey(1);
        TreeMap<Integer, String> model = new TreeMap<>();
        for (int i = 0; i < 5000; i++) {
            map.put(i, "v" + i);
            model.put(i, "v" + i);
        }
        Iterator<Map.Entry<Integer, String>> entries = map.iterator();
        int index = 0;
        while (entries.hasNext()) {
            Map.Entry<Integer, String> entry = entries.next();
            if (index % 3 == 0) {
                entries.remove();
                model.remove(entry.getKey());
                assertThat(entry.getValue()).isNull();
            } else if (index % 3 == 1) {
                assertThat(entry.setValue("new")).isEqualTo("v" + entry.getKey());
                model.put(entry.getKey(), "new");
                assertThat(entry.getValue()).isEqualTo("new");
            }
            // far ahead of the iterator
            map.remove(4999);
            model.remove(4999);
            index++;
        }
        assertThat(index).isEqualTo(4999);
        assertThat(entries.hasNext()).isFalse();
        assertThatThrownBy(entries::next).isInstanceOf(NoSuchElementException.class);
        Map<Integer, String> present = new TreeMap<>();
        map.entries().forEach(entry -> present.put(entry.getKey(), entry.getValue()));
        assertThat(present).isEqualTo(model);
    }

    @Test
    void anIteratorKeepsToItsKeyWhenAnotherIsSelected() throws Exception {
        MapState<Integer, String> map = map("map");
        for (int key = 0; key < 3; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 200; i++) {
                map.put(i, "of " + key);
            }
        }
        backend.setCurrentKey(1);
        Iterator<Map.Entry<Integer, String>> entries = map.iterator();
        backend.setCurrentKey(2);
        int count = 0;
        while (entries.hasNext()) {
            Map.Entry<Integer, String> entry = entries.next();
            assertThat(entry.getValue()).isEqualTo("of 1");
            entries.remove();
            count++;
        }
        assertThat(count).isEqualTo(200);
        assertThat(map.isEmpty()).isFalse();
        backend.setCurrentKey(1);
        assertThat(map.isEmpty()).isTrue();
    }

    @Test
    void clearingAMapIsOneWriteAndLeavesItsNeighboursAlone() throws Exception {
        MapState<Integer, String> map = map("map");
        MapState<Integer, String> other = map("other");
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            for (int i = 0; i < 100; i++) {
                map.put(i, "v");
                other.put(i, "v");
            }
        }
        long writes = backend.store().statistics().writes();
        for (int key = 0; key < 20; key += 2) {
            backend.setCurrentKey(key);
            map.clear();
        }
        assertThat(backend.store().statistics().writes() - writes).isEqualTo(10);
        for (int key = 0; key < 20; key++) {
            backend.setCurrentKey(key);
            assertThat(map.isEmpty()).isEqualTo(key % 2 == 0);
            assertThat(other.keys()).hasSize(100);
        }
        backend.setCurrentKey(0);
        map.put(5, "after");
        assertThat(map.keys()).containsExactly(5);
    }

    @Test
    void mapsHoldNullValues() throws Exception {
        MapState<Integer, String> map = map("map");
        backend.setCurrentKey(1);
        map.put(1, null);
        assertThat(map.contains(1)).isTrue();
        assertThat(map.get(1)).isNull();
        assertThat(map.contains(2)).isFalse();
        assertThat(map.values()).containsExactly((String) null);
        Map.Entry<Integer, String> entry = map.iterator().next();
        assertThat(entry.setValue("one")).isNull();
        assertThat(map.get(1)).isEqualTo("one");
    }
}
