package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A write that needed the memory which a read-only store kept was not told so, and waited half a minute for each idle
 * iterator of that store.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadOnlyNeighbourNotNamedTest {
    private static final int MIB = 1 << 20;
    private final ManualClock clock = new ManualClock();
    private boolean full;

    private final FileStore disk = new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (full) {
                throw new IOException("No space left on device");
            }
            return super.create(name);
        }
    };

    @Test
    void itIsNamed() {
        assertThat(refusals(false)).isPositive();
    }

    /**
     * The iterator holds a state that was replaced, and nothing that its store does not keep anyway. Whoever waited for it would try
     * less often until the wait is over.
     */
    @Test
    void anIdleIteratorOfItIsNotWaitedFor() {
        assertThat(refusals(true)).isEqualTo(refusals(false));
    }

    /** How often memory is refused until the write of the other store fails. */
    private int refusals(boolean reading) {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        int refusals;
        try (Environment environment = Environment.builder()
                .memoryBytes(32 * MIB)
                .executor(new SteppedExecutor(clock))
                .clock(clock)
                .allocator(slabs)
                .build()) {
            Store neighbour = environment.open(
                    disk, StoreOptions.builder().name("neighbour").build());
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            neighbour.put(bytes("key"), new byte[MIB]);
            StoreIterator iterator = neighbour.iterator(KeyRange.all());
            iterator.seekToFirst();
            if (!reading) {
                iterator.close();
            }
            full = true;
            assertThatThrownBy(neighbour::flush).isInstanceOf(ReadOnlyStoreException.class);
            slabs.limit(slabs.slabs.outstanding() + MIB);
            assertThatThrownBy(() -> store.put(bytes("large"), new byte[3 * MIB / 2]))
                    .isInstanceOf(MemoryBudgetException.class)
                    .hasMessageContaining("Store neighbour keeps ")
                    .hasMessageContaining(" bytes of memtables, because it is read-only: ")
                    .hasMessageContaining("No space left on device");
            refusals = slabs.refusals();
            store.put(bytes("small"), bytes("written"));

            full = false;
            neighbour.resume();
            store.put(bytes("large"), new byte[3 * MIB / 2]);
            assertThat(store.get(bytes("large"))).hasSize(3 * MIB / 2);
            if (reading) {
                assertThat(iterator.key()).isEqualTo(bytes("key"));
                iterator.close();
            }
            assertThat(neighbour.get(bytes("key"))).hasSize(MIB);
        }
        assertThat(slabs.slabs.outstanding()).isZero();
        return refusals;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
