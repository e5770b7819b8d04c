package org.apache.flink.runtime.state;

import io.forebay.flink.registry.StateRegistry;
import io.forebay.flink.timer.ForebayPriorityQueueSetFactory;
import io.forebay.flink.timer.PendingRemovals;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Flink's own suite for timer queues, unchanged. */
class ForebayPriorityQueueTest extends InternalPriorityQueueTestBase {
    private static final int CACHE_ROWS = 32;

    private Environment environment;
    private Store store;

    @BeforeEach
    void open() {
        environment = Environment.builder().memoryBytes(8 << 20).build();
        store = environment.open(FileStores.inMemory(), StoreOptions.defaults());
    }

    @AfterEach
    void close() {
        store.close();
        environment.close();
    }

    @Override
    protected InternalPriorityQueue<TestElement> newPriorityQueue(int initialCapacity) {
        return new ForebayPriorityQueueSetFactory(
                        store,
                        new StateRegistry(),
                        KEY_GROUP_RANGE,
                        KEY_GROUP_RANGE.getNumberOfKeyGroups(),
                        CACHE_ROWS,
                        new PendingRemovals())
                .create("queue", TestElementSerializer.INSTANCE);
    }

    @Override
    protected boolean testSetSemanticsAgainstDuplicateElements() {
        return true;
    }
}
