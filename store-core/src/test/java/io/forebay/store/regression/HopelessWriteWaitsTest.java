package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A write that could never have its memory waited for as long as other stores wrote, and had them flush hundreds of
 * memtables of a few KiB a second.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HopelessWriteWaitsTest {
    private static final int MIB = 1 << 20;
    private static final int NEIGHBOURS = 3;

    private final List<Store> neighbours = new ArrayList<>();
    private int rounds;

    /** Whoever waits for memory runs a flush, and then the other stores have written once more. */
    private final BackgroundExecutor executor = new BackgroundExecutor() {
        private final SteppedExecutor stepped = new SteppedExecutor(new ManualClock());

        @Override
        public void execute(Kind kind, Runnable work) {
            stepped.execute(kind, work);
        }

        @Override
        public Runnable schedule(long delayNanos, Runnable work) {
            return stepped.schedule(delayNanos, work);
        }

        @Override
        public boolean help() {
            boolean helped = stepped.step();
            writeAll();
            return helped;
        }

        @Override
        public void close() {
            stepped.close();
        }
    };

    private Environment environment;
    private Store store;

    private void open(SlabAllocator slabs) {
        environment = Environment.builder()
                .memoryBytes(16 * MIB)
                .executor(executor)
                .clock(new ManualClock())
                .allocator(slabs)
                .build();
        store = environment.open(
                FileStores.inMemory(), StoreOptions.builder().name("large").build());
        for (int i = 0; i < NEIGHBOURS; i++) {
            neighbours.add(environment.open(FileStores.inMemory(), StoreOptions.defaults()));
        }
        writeAll();
        store.put(bytes("before"), bytes("kept"));
    }

    @AfterEach
    void close() {
        environment.close();
    }

    private void writeAll() {
        rounds++;
        for (Store neighbour : neighbours) {
            neighbour.put(bytes("round" + rounds), new byte[100]);
        }
    }

    private long flushes() {
        return neighbours.stream()
                .mapToLong(neighbour -> neighbour.statistics().flushes())
                .sum();
    }

    /** Three quarters of the budget are for memtables. */
    @Test
    void whatNoMemtableCouldTakeIsRefusedAtOnce() {
        open(new HeapSlabs());
        byte[] value = new byte[13 * MIB];
        assertThatThrownBy(() -> store.put(bytes("large"), value))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining(
                        "an entry with a key of 5 and a value of " + value.length + " bytes in store large")
                .hasMessageContaining("memtables get no more than " + 12 * MIB);
        assertThatThrownBy(() -> store.write(new WriteBatch().put(bytes("large"), value)))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("of a write batch in store large")
                .hasMessageContaining("memtables get no more than " + 12 * MIB);
        assertThat(flushes()).isZero();
        assertThat(rounds).as("nobody has waited").isEqualTo(1);
        assertThat(store.statistics().flushes()).isZero();
        store.put(bytes("after"), bytes("written"));
        assertThat(store.get(bytes("before"))).isEqualTo(bytes("kept"));
    }

    /** The host gives a quarter of the budget, and each flush that is waited for brings memory back that does not suffice. */
    @Test
    void whatTheHostDoesNotGiveIsRefusedThoughOthersGoOnWriting() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        open(slabs);
        slabs.limit(4 * MIB);
        assertThatThrownBy(() -> store.put(bytes("large"), new byte[5 * MIB]))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("Other stores have flushed all that they had in memory again and again");
        assertThat(flushes()).isPositive().isLessThanOrEqualTo(20 * NEIGHBOURS);
        store.put(bytes("after"), new byte[2 * MIB]);
        assertThat(store.get(bytes("before"))).isEqualTo(bytes("kept"));
        assertThat(store.get(bytes("after"))).hasSize(2 * MIB);
    }

    /** As a whole it asks in vain, and then for its largest entry. */
    @Test
    void soIsABatch() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        open(slabs);
        slabs.limit(4 * MIB);
        WriteBatch batch =
                new WriteBatch().put(bytes("before"), bytes("changed")).put(bytes("large"), new byte[5 * MIB]);
        assertThatThrownBy(() -> store.write(batch)).isInstanceOf(MemoryBudgetException.class);
        assertThat(flushes()).isLessThanOrEqualTo(2 * 20 * NEIGHBOURS);
        assertThat(store.statistics().readOnlyCause()).isNull();
        assertThat(store.get(bytes("before"))).isEqualTo(bytes("kept"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
