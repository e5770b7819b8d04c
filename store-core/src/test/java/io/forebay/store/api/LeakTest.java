package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.testing.SteppedExecutor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was opened and not closed is reported, with who opened it. */
class LeakTest {
    private static final byte[] A = {'a'};

    private final ManualClock clock = new ManualClock();
    private final List<LogEvent> events = new CopyOnWriteArrayList<>();
    private final AbstractAppender appender = new AbstractAppender("leaks", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            events.add(event.toImmutable());
        }
    };
    private final Logger logger = (Logger) LogManager.getLogger("io.forebay.store.db.LeakReport");

    @BeforeEach
    void listen() {
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.removeAppender(appender);
        appender.stop();
    }

    private Environment environment(boolean tracking) {
        return environment(tracking, new HeapSlabs());
    }

    private Environment environment(boolean tracking, SlabAllocator slabs) {
        return Environment.builder()
                .memoryBytes(1 << 20)
                .clock(clock)
                .executor(new SteppedExecutor(clock))
                .allocator(slabs)
                .leakTracking(tracking)
                .build();
    }

    private void leak(boolean tracking, List<Supplier<AutoCloseable>> openers, Store[] holder) throws Exception {
        try (Environment environment = environment(tracking)) {
            holder[0] = environment.open(new CrashFileStore(), StoreOptions.defaults());
            holder[0].put(A, A);
            for (Supplier<AutoCloseable> opener : openers) {
                AutoCloseable open = opener.get();
                clock.advance(1_500_000_000L);
                holder[0].close();
                open.close();
                holder[0] = environment.open(new CrashFileStore(), StoreOptions.defaults());
            }
        }
    }

    @Test
    void whatIsOpenAtTheEndIsNamedWithThreadAndAge() throws Exception {
        Store[] store = new Store[1];
        List<Supplier<AutoCloseable>> openers = List.of(
                () -> store[0].iterator(KeyRange.all()),
                () -> store[0].snapshot(),
                () -> store[0].checkpoint(A),
                () -> store[0].ingest());
        leak(false, openers, store);
        assertThat(events).hasSize(4);
        List<String> kinds = List.of("iterator", "snapshot", "checkpoint", "ingest");
        for (int i = 0; i < kinds.size(); i++) {
            assertThat(events.get(i).getMessage().getFormattedMessage())
                    .contains(kinds.get(i) + " that thread "
                            + Thread.currentThread().getName() + " opened 1500 ms ago")
                    .contains("leakTracking");
        }
    }

    @Test
    void withTrackingThePlaceIsTold() throws Exception {
        Store[] store = new Store[1];
        leak(true, List.of(() -> store[0].iterator(KeyRange.all())), store);
        assertThat(events).hasSize(2);
        assertThat(events.get(1).getThrown()).hasStackTraceContaining("LeakTest");
    }

    @Test
    void whatIsClosedIsNotReported() throws Exception {
        Store[] store = new Store[1];
        leak(true, List.of(), store);
        try (Environment environment = environment(false)) {
            Store other = environment.open(new CrashFileStore(), StoreOptions.defaults());
            other.put(A, A);
            other.iterator(KeyRange.all()).close();
            try (Snapshot snapshot = other.snapshot()) {
                snapshot.iterator(KeyRange.all()).close();
            }
            other.checkpoint(A).close();
            other.ingest().close();
        }
        assertThat(events).isEmpty();
    }

    @Test
    void whoHoldsTheMemoryIsNamedWhenItIsGone() {
        RefusingSlabs slabs = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
        try (Environment environment = environment(false, slabs)) {
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            store.put(A, A);
            slabs.limit(slabs.slabs.outstanding());
            try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                clock.advance(2_000_000_000L);
                assertThatThrownBy(() -> store.put(A, new byte[1 << 19]))
                        .isInstanceOf(MemoryBudgetException.class)
                        .hasMessageContaining(
                                "iterator that thread " + Thread.currentThread().getName() + " opened 2000 ms ago");
                iterator.seekToFirst();
            }
        }
    }

    /** Where memory was short because of iterators that nobody moved, the oldest is named, once a minute at most. */
    @Test
    void iteratorsThatHeldMemoryAreNamed() throws Exception {
        Logger arbiter = (Logger) LogManager.getLogger("io.forebay.store.db.state.MemoryArbiter");
        arbiter.addAppender(appender);
        try (Environment environment = environment(true)) {
            Store store = environment.open(new CrashFileStore(), StoreOptions.defaults());
            for (int round = 0; round < 20; round++) {
                store.iterator(KeyRange.all()).seekToFirst();
                for (int i = 0; i < 100; i++) {
                    store.put(new byte[] {'k', (byte) round, (byte) i}, new byte[1000]);
                }
            }
            assertThat(store.statistics().idleIteratorsEmptied()).isGreaterThan(1);
            assertThat(store.statistics().oldestIterator()).contains("at ").contains("LeakTest");
            assertThat(events).hasSize(1);
            assertThat(events.get(0).getMessage().getFormattedMessage())
                    .contains("Memory is short")
                    .contains("iterator that thread " + Thread.currentThread().getName())
                    .contains("LeakTest");
        } finally {
            arbiter.removeAppender(appender);
        }
    }
}
