package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A failure of background work set an alarm for the next attempt. When the executor refused the alarm, or the work that it handed
 * over, there was none: compactions stopped for good, or the store stayed read-only, although its message said that it tried again.
 */
class RefusedAlarmsTest {
    private static final int KEYS = 50;
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final ManualClock clock = new ManualClock();
    private final SteppedExecutor stepped = new SteppedExecutor(clock);
    private boolean compacting;
    private boolean breakCompaction;
    private boolean breakFlush;
    private boolean refuseAlarm;
    private boolean refuseFlush;
    private boolean refuseCallback;
    private boolean ringAtOnce;

    private final FileStore files = new ForwardingFileStore(new CrashFileStore()) {
        @Override
        public WritableFile create(String name) throws IOException {
            if (name.endsWith(".sst") && (compacting ? breakCompaction : breakFlush)) {
                throw new IOException("no space");
            }
            return super.create(name);
        }
    };

    private final Environment environment = Environment.builder()
            .memoryBytes(8 << 20)
            .clock(clock)
            .executor(new ForwardingExecutor(stepped) {
                @Override
                public void execute(Kind kind, Runnable work) {
                    if (kind == Kind.CALLBACK && refuseCallback) {
                        refuseCallback = false;
                        throw new RejectedExecutionException("no callback");
                    }
                    if (kind == Kind.FLUSH && refuseFlush) {
                        refuseFlush = false;
                        throw new RejectedExecutionException("no thread");
                    }
                    super.execute(kind, kind == Kind.COMPACTION ? () -> compact(work) : work);
                }

                @Override
                public Runnable schedule(long delayNanos, Runnable work) {
                    if (refuseAlarm) {
                        refuseAlarm = false;
                        throw new RejectedExecutionException("no alarm");
                    }
                    Runnable cancel = super.schedule(delayNanos, work);
                    if (ringAtOnce) {
                        ringAtOnce = false;
                        aMinuteLater();
                    }
                    return cancel;
                }
            })
            .build();

    private final Store store =
            environment.open(files, StoreOptions.builder().name("test").build());

    private void compact(Runnable work) {
        compacting = true;
        work.run();
        compacting = false;
    }

    @AfterEach
    void close() {
        store.close();
        environment.close();
    }

    private void writeAndFlush() {
        for (int i = 0; i < KEYS; i++) {
            store.put(("key " + i).getBytes(UTF_8), new byte[100]);
        }
        store.commitDurably(new byte[0]);
        stepped.drain();
    }

    private void aMinuteLater() {
        clock.advance(MINUTE);
        stepped.drain();
    }

    @Test
    void compactionsGoOn() {
        breakCompaction = true;
        refuseAlarm = true;
        for (int i = 0; i < 2 * KEYS && store.statistics().readOnlyCause() == null; i++) {
            writeAndFlush();
        }
        assertThat(refuseAlarm).as("an alarm was refused").isFalse();
        assertThat(store.statistics().readOnlyCause())
                .as("a compaction without space stops no writes")
                .isNull();
        breakCompaction = false;
        aMinuteLater();
        long before = store.statistics().compactions();
        for (int i = 0; i < KEYS; i++) {
            writeAndFlush();
        }
        assertThat(store.statistics().compactions()).isGreaterThan(before);
    }

    @Test
    void aRepairIsTriedAgainWhenItsStartIsRefused() {
        failAFlush();
        refuseFlush = true;
        aMinuteLater();
        assertThat(refuseFlush).as("work was refused").isFalse();
        assertThat(store.statistics().readOnlyCause()).isNotNull();
        aMinuteLater();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    @Test
    void theMessageSaysWhenNoRepairStartsByItself() {
        refuseAlarm = true;
        failAFlush();
        assertThat(refuseAlarm).as("an alarm was refused").isFalse();
        assertThatThrownBy(() -> store.put(new byte[1], new byte[1]))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("no space")
                .hasMessageContaining("resume()")
                .hasMessageNotContaining("by itself");
        store.resume();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    @Test
    void aCheckpointIsToldAndTheRepairStartsWhenACallbackWasRefused() {
        store.put("key".getBytes(UTF_8), new byte[100]);
        try (Checkpoint checkpoint = store.checkpoint(new byte[0])) {
            breakFlush = true;
            refuseCallback = true;
            stepped.drain();
            assertThat(refuseCallback).as("a callback was refused").isFalse();
            breakFlush = false;
            assertThat(checkpoint.completion()).failsWithin(Duration.ofMinutes(2));
        }
        aMinuteLater();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    /** It found the repair under way that had set it, and no other one was set. */
    @Test
    void anAlarmMayRingAsSoonAsItIsSet() {
        failAFlush();
        breakFlush = true;
        ringAtOnce = true;
        aMinuteLater();
        assertThat(ringAtOnce).as("an alarm was set").isFalse();
        breakFlush = false;
        aMinuteLater();
        assertThat(store.statistics().readOnlyCause()).isNull();
    }

    private void failAFlush() {
        store.put("key".getBytes(UTF_8), new byte[100]);
        breakFlush = true;
        assertThatThrownBy(store::flush).isInstanceOf(ReadOnlyStoreException.class);
        breakFlush = false;
    }
}
