package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.EntryBatch;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A null that is not allowed is refused with its name, and nothing is written. */
class NullArgumentsTest {
    private static final byte[] KEY = {1};

    private final Environment environment =
            Environment.builder().memoryBytes(1 << 20).build();
    private final Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults());

    @AfterEach
    void close() {
        environment.close();
    }

    @Test
    void writesNameIt() {
        refused("key", () -> store.put(null, KEY));
        refused("value", () -> store.put(KEY, null));
        refused("key", () -> store.put(null, 0, 0, KEY, 0, 1));
        refused("value", () -> store.put(KEY, 0, 1, null, 0, 0));
        refused("key", () -> store.delete(null));
        refused("key", () -> store.delete(null, 0, 0));
        refused("key", () -> store.merge(null, KEY));
        refused("operand", () -> store.merge(KEY, null));
        refused("from", () -> store.deleteRange(null, KEY));
        refused("prefix", () -> store.deletePrefix(null));
        refused("batch", () -> store.write(null));
        refused("payload", () -> store.commit(null));
        refused("payload", () -> store.commitDurably(null));
        refused("payload", () -> store.checkpoint(null));
    }

    @Test
    void readsNameIt() {
        ValueBuffer buffer = new ValueBuffer();
        for (ReadView view : List.of(store, store.snapshot())) {
            refused("key", () -> view.get(null));
            refused("key", () -> view.get(null, 0, 0, buffer));
            refused("into", () -> view.get(KEY, 0, 1, null));
            refused("keys", () -> view.multiGet(null));
            refused("a key", () -> view.multiGet(Arrays.asList(KEY, null)));
            refused("a key", () -> view.multiGet(Collections.singletonList(null)));
            refused("range", () -> view.iterator(null));
            refused("range", () -> view.scan(null, EntryBatch.of(1, 1)));
            refused("into", () -> view.scan(KeyRange.all(), null));
        }
    }

    @Test
    void batchesNameIt() {
        WriteBatch batch = new WriteBatch();
        refused("key", () -> batch.put(null, KEY));
        refused("value", () -> batch.put(KEY, null));
        refused("key", () -> batch.put(null, 0, 0, KEY, 0, 1));
        refused("value", () -> batch.put(KEY, 0, 1, null, 0, 0));
        refused("key", () -> batch.delete(null));
        refused("key", () -> batch.delete(null, 0, 0));
        refused("key", () -> batch.merge(null, KEY));
        refused("operand", () -> batch.merge(KEY, null));
        refused("from", () -> batch.deleteRange(null, KEY));
        refused("prefix", () -> batch.deletePrefix(null));
    }

    @Test
    void iteratorsNameItAndStayUsable() {
        store.put(KEY, KEY);
        for (boolean inFiles : new boolean[] {false, true}) {
            if (inFiles) {
                store.flush();
            }
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                refused("key", () -> iterator.seek(null));
                refused("key", () -> iterator.seekForPrev(null));
                iterator.seek(KEY);
                refused("into", () -> iterator.value(null));
                assertThat(iterator.value()).isEqualTo(KEY);
            }
        }
    }

    @Test
    void ingestsNameItAndStayUsable() {
        try (SortedIngest ingest = store.ingest()) {
            refused("key", () -> ingest.add(null, KEY));
            refused("value", () -> ingest.add(KEY, null));
            refused("key", () -> ingest.add(null, 0, 0, KEY, 0, 1));
            refused("value", () -> ingest.add(KEY, 0, 1, null, 0, 0));
            ingest.add(KEY, KEY);
            ingest.finish();
        }
        assertThat(store.get(KEY)).isEqualTo(KEY);
    }

    private static void refused(String name, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(name);
    }
}
