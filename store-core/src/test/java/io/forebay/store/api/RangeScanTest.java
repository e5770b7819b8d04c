package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.EntryBatch;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadView;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIoException;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultFileStore;
import io.forebay.store.testing.FaultInjector;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first entries of a range, read by one call. */
class RangeScanTest {
    private static final int MIB = 1 << 20;

    private static byte[] key(String prefix, int i) {
        return String.format("%s%04d", prefix, i).getBytes(UTF_8);
    }

    private static byte[] value(int i) {
        return ("value " + i).getBytes(UTF_8);
    }

    private static KeyRange prefix(String prefix) {
        return KeyRange.prefix(prefix.getBytes(UTF_8));
    }

    private static List<String> scan(ReadView view, KeyRange range, EntryBatch batch) {
        view.scan(range, batch);
        List<String> entries = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            entries.add(new String(batch.key(i), UTF_8) + "=" + new String(batch.value(i), UTF_8));
        }
        return entries;
    }

    private static Store filled(SteppedEnvironment stepped) {
        Store store = stepped.open(new CrashFileStore());
        for (int i = 0; i < 10; i++) {
            store.put(key("a", i), value(i));
            store.put(key("c", i), value(i));
        }
        return store;
    }

    @Test
    void itStopsWhenTheBatchIsFullAndAtTheEndOfTheRange() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped);
            for (boolean flushed : new boolean[] {false, true}) {
                if (flushed) {
                    store.flush();
                }
                EntryBatch few = EntryBatch.of(3, MIB);
                assertThat(scan(store, prefix("a"), few))
                        .containsExactly("a0000=value 0", "a0001=value 1", "a0002=value 2");
                assertThat(few.isFull()).isTrue();
                assertThat(scan(store, KeyRange.of(key("a", 8), key("b", 0)), few))
                        .containsExactly("a0008=value 8", "a0009=value 9");
                assertThat(few.isFull()).isFalse();
                EntryBatch bytes = EntryBatch.of(100, 13);
                assertThat(scan(store, KeyRange.all(), bytes)).containsExactly("a0000=value 0", "a0001=value 1");
                EntryBatch all = EntryBatch.of(100, MIB);
                assertThat(scan(store, KeyRange.all(), all)).hasSize(20);
                assertThat(all.isFull()).isFalse();
                assertThat(scan(store, KeyRange.of(key("z", 0), key("a", 0)), all))
                        .isEmpty();
            }
        }
    }

    @Test
    void aBatchOfOneKeyTellsWhetherARangeIsEmpty() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped);
            EntryBatch one = EntryBatch.ofKeys(1, 1);
            for (int pass = 0; pass < 3; pass++) {
                assertThat(scan(store, prefix("a"), one)).containsExactly("a0000=");
                assertThat(scan(store, prefix("b"), one)).isEmpty();
                assertThat(scan(store, prefix("c"), one)).containsExactly("c0000=");
                assertThat(scan(store, prefix("d"), one)).isEmpty();
                store.flush(); // in the last pass with the range delete above files
            }
            store.deletePrefix("a".getBytes(UTF_8));
            assertThat(scan(store, prefix("a"), one)).isEmpty();
            assertThat(scan(store, KeyRange.all(), one)).containsExactly("c0000=");
            store.delete(key("c", 0));
            assertThat(scan(store, prefix("c"), one)).containsExactly("c0001=");
        }
    }

    @Test
    void aSnapshotShowsItsOwnState() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped);
            EntryBatch batch = EntryBatch.of(2, MIB);
            Snapshot snapshot = store.snapshot();
            store.put(key("a", 0), value(7));
            store.deleteRange(key("a", 1), key("a", 9));
            assertThat(scan(snapshot, prefix("a"), batch)).containsExactly("a0000=value 0", "a0001=value 1");
            store.flush();
            assertThat(scan(snapshot, prefix("a"), batch)).containsExactly("a0000=value 0", "a0001=value 1");
            assertThat(scan(store, prefix("a"), batch)).containsExactly("a0000=value 7", "a0009=value 9");
            snapshot.close();
            assertThat(batch.size()).isPositive();
            assertThatThrownBy(() -> snapshot.scan(prefix("a"), batch)).isInstanceOf(StoreClosedException.class);
            assertThat(batch.size()).as("of a closed snapshot").isZero();
            store.scan(prefix("a"), batch);
            assertThatThrownBy(() -> store.scan(null, batch)).isInstanceOf(NullPointerException.class);
            assertThat(batch.size()).as("without a range").isZero();
            store.scan(prefix("a"), batch);
            store.close();
            assertThatThrownBy(() -> store.scan(prefix("a"), batch)).isInstanceOf(StoreClosedException.class);
            assertThat(batch.size()).as("of a closed store").isZero();
        }
    }

    /** The store remembers that there is nothing between them. */
    @Test
    void boundsMayBeReusedAfterTheCall() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped);
            for (int i = 0; i < 100; i++) {
                store.put(key("b", i), value(i));
                store.delete(key("b", i));
            }
            byte[] from = key("b", 0);
            byte[] to = key("b", 100);
            EntryBatch batch = EntryBatch.of(100, MIB);
            assertThat(scan(store, new KeyRange(from, to), batch)).isEmpty();
            System.arraycopy(key("a", 0), 0, from, 0, from.length);
            System.arraycopy(key("d", 0), 0, to, 0, to.length);
            assertThat(scan(store, KeyRange.all(), batch)).hasSize(20);
        }
    }

    /** A claim that is left would keep the versions of all later states. */
    @Test
    void nothingIsHeldAfterTheCall() {
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = filled(stepped);
            store.scan(prefix("a"), EntryBatch.of(2, MIB));
            for (int i = 0; i < 10; i++) {
                store.put(key("a", 0), value(i));
            }
            store.flush();
            assertThat(store.statistics().estimatedEntries()).isEqualTo(20);
            assertThat(store.statistics().openIterators()).isZero();
        }
    }

    @Test
    void aReadThatFailsLeavesAnEmptyBatchAndHoldsNothing() {
        FaultInjector injector = new FaultInjector();
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            FileStore files = new FaultFileStore(new CrashFileStore(), injector);
            Store store = stepped.open(files);
            byte[] large = new byte[3000];
            for (int i = 0; i < 10; i++) {
                store.put(key("a", i), large);
            }
            store.commitDurably(new byte[0]);
            store.close(); // blocks of a file that was just written are in the cache
            store = stepped.open(files);
            Store reopened = store;
            EntryBatch batch = EntryBatch.of(100, MIB);
            store.scan(KeyRange.all(), EntryBatch.of(1, 1)); // the index and the first block are in the cache now
            injector.arm(Fault.IO_ERROR, 3, false);
            assertThatThrownBy(() -> reopened.scan(KeyRange.all(), batch)).isInstanceOf(StoreIoException.class);
            assertThat(injector.struck()).isNotNull();
            assertThat(batch.size()).isZero();
            injector.heal();
            store.scan(KeyRange.all(), batch);
            assertThat(batch.size()).isEqualTo(10);
            store.put(key("a", 0), value(1));
            store.put(key("a", 0), value(2));
            store.commitDurably(new byte[] {1});
            store.compact();
            assertThat(store.statistics().estimatedEntries()).isEqualTo(10);
        }
    }
}
