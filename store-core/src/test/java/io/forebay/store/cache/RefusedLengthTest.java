package io.forebay.store.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.SlabAllocator;
import io.forebay.store.cache.SlabPool.Use;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.RefusingSlabs;
import io.forebay.store.util.Slab;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host gives 16 slabs of a budget of 64; what the pool concludes from a buffer that is refused, and how often it says so. */
class RefusedLengthTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    /** Of no other test, to know its warnings. */
    private static final long BUDGET = 64L * SLAB + 12_345;

    private final ManualClock clock = new ManualClock();
    private final RefusingSlabs host = new RefusingSlabs(() -> new OutOfMemoryError("for a test"));
    private final SlabPool pool = new SlabPool(host, BUDGET, BUDGET, clock);

    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final AbstractAppender appender = new AbstractAppender("pool", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            String message = event.getMessage().getFormattedMessage();
            if (message.contains(String.valueOf(BUDGET))) {
                warnings.add(message);
            }
        }
    };
    private final Logger logger = (Logger) LogManager.getLogger("io.forebay.store.cache.SlabPool");

    @BeforeEach
    void listen() {
        host.limit(16 * SLAB);
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.removeAppender(appender);
        appender.stop();
    }

    private List<Slab> take(int slabs) {
        List<Slab> taken = new ArrayList<>();
        for (int i = 0; i < slabs; i++) {
            Slab slab = pool.tryTake(Use.MEMTABLE);
            assertThat(slab).isNotNull();
            taken.add(slab);
        }
        return taken;
    }

    @Test
    void aLongBufferThatIsRefusedDoesNotShowThatShortOnesAre() {
        take(2);
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 20 * SLAB)).isNull();
        assertThat(pool.capacity()).isEqualTo(21 * SLAB);
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, 30 * SLAB)).isNull();
        assertThat(pool.capacity()).as("known to be too much before").isEqualTo(21 * SLAB);
        take(14);
        assertThat(pool.tryTakeLarge(Use.MEMTABLE, SLAB / 4)).isNull();
        assertThat(pool.capacity()).as("less than a slab is missing").isEqualTo(16 * SLAB);
        assertThat(pool.tryTake(Use.MEMTABLE)).isNull();
        assertThat(pool.capacity()).isEqualTo(16 * SLAB);
    }

    /** More is had for a moment again and again, and refused again. */
    @Test
    void warnsOnceAMinute() {
        for (int round = 0; round < 3; round++) {
            for (int again = 0; again < 10; again++) {
                host.limit(16 * SLAB);
                List<Slab> taken = take(16);
                assertThat(pool.tryTake(Use.MEMTABLE)).isNull();
                host.limit(17 * SLAB);
                taken.addAll(take(1));
                assertThat(pool.capacity()).isEqualTo(BUDGET);
                taken.forEach(slab -> pool.give(Use.MEMTABLE, slab));
            }
            assertThat(warnings).hasSize(round + 1);
            clock.advance(60_000_000_000L);
        }
        assertThat(warnings.get(0)).contains("no more than " + 16 * SLAB + " are available");
    }
}
