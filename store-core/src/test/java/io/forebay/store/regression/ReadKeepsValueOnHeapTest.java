package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.FileStores;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.testing.SteppedEnvironment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each thread that had read a large value kept it, its operands and its key on the heap until it read again, also after
 * the close of the environment.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadKeepsValueOnHeapTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final List<WeakReference<Object>> operands = new ArrayList<>();

    @AfterEach
    void close() {
        stepped.close();
    }

    private Store open() {
        return stepped.open(FileStores.inMemory(), StoreOptions.builder().mergeFunction(new MergeFunction() {
            @Override
            public String name() {
                return "last";
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                values.forEach(value -> operands.add(new WeakReference<>(value)));
                return values.get(values.size() - 1).clone();
            }
        }));
    }

    /** Two operands and a base in different sources; the snapshots keep them apart. */
    private static List<Snapshot> fill(Store store) {
        store.put(KEY, new byte[100_000]);
        Snapshot first = store.snapshot();
        store.merge(KEY, new byte[200_000]);
        Snapshot second = store.snapshot();
        store.flush();
        store.merge(KEY, new byte[300_000]);
        return List.of(first, second);
    }

    private static void assertCollected(List<WeakReference<Object>> references) {
        for (int i = 0; i < 50 && !areCollected(references); i++) {
            System.gc();
        }
        assertThat(areCollected(references)).isTrue();
    }

    private static boolean areCollected(List<WeakReference<Object>> references) {
        return references.stream().allMatch(reference -> reference.refersTo(null));
    }

    @Test
    void theOperandsOfAGet() {
        Store store = open();
        List<Snapshot> apart = fill(store);
        operands.clear();
        assertThat(store.get(KEY)).hasSize(300_000);
        assertThat(operands).hasSize(3);
        assertCollected(operands);
        apart.forEach(Snapshot::close);
    }

    @Test
    void theOperandsOfAMultiGet() {
        Store store = open();
        List<Snapshot> apart = fill(store);
        operands.clear();
        assertThat(store.multiGet(List.of(KEY))).hasSize(1);
        assertThat(operands).hasSize(3);
        assertCollected(operands);
        apart.forEach(Snapshot::close);
    }

    @Test
    void theBufferAndTheKeyOfACaller() {
        Store store = open();
        store.put(KEY, new byte[100_000]);
        store.flush();
        byte[] key = KEY.clone();
        ValueBuffer into = new ValueBuffer();
        List<WeakReference<Object>> given = List.of(new WeakReference<>(key), new WeakReference<>(into));
        assertThat(store.get(key, 0, key.length, into)).isTrue();
        assertThat(into.length()).isEqualTo(100_000);
        key = null;
        into = null;
        assertCollected(given);
    }
}
