package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Store;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A compaction that failed was repeated after a tenth of a second for ever, when another job found nothing to do meanwhile; and once
 * more at once, when another job had been queued. Each attempt writes all that comes before the failure.
 */
class FailingCompactionRepeatedAtOnceTest {
    private static final Duration A_MINUTE = Duration.ofMinutes(1);
    private static final Duration STEP = Duration.ofMillis(50);
    /** After 0.1, 0.2, 0.4, ... and 25.6 seconds; and the first one. */
    private static final int ATTEMPTS_OF_A_MINUTE = 10;

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private boolean broken;
    private int attempts;
    /** Run within an attempt, before it fails. */
    private Runnable meanwhile = () -> {};

    private final Store store = stepped.open(new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (broken && name.endsWith(".sst")) {
                attempts++;
                meanwhile.run();
                throw new IOException("no space");
            }
            return super.create(name);
        }
    });

    @AfterEach
    void close() {
        broken = false;
        stepped.close();
    }

    @Test
    void anotherJobFindsNothing() {
        meanwhile = stepped.executor::step;
        failForAMinute();
        assertThat(attempts).isLessThanOrEqualTo(ATTEMPTS_OF_A_MINUTE);
    }

    @Test
    void anotherJobIsQueued() {
        failForAMinute();
        assertThat(attempts).isLessThanOrEqualTo(ATTEMPTS_OF_A_MINUTE);
    }

    private void failForAMinute() {
        makeCompactionDue();
        broken = true;
        for (long passed = 0; passed < A_MINUTE.toNanos(); passed += STEP.toNanos()) {
            stepped.clock.advance(STEP.toNanos());
            stepped.executor.drain();
        }
        assertThat(attempts).as("attempts").isPositive();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    /** Flushes without the compactions that follow. */
    private void makeCompactionDue() {
        for (int i = 0; i < 20; i++) {
            store.put(new byte[] {1}, new byte[100]);
            store.flush();
        }
    }
}
