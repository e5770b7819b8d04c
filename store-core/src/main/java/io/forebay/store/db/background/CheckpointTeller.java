package io.forebay.store.db.background;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.db.state.StoreContext;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the open checkpoints of a store that they have all their files, or that those will not come. When there is no memory for
 * that, it is tried again by an alarm and by {@link #tellUntold}, also after the close of the store, which tells them itself at first. Any
 * thread, without a lock that a callback may need.
 */
final class CheckpointTeller {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointTeller.class);

    private static final long AGAIN_NANOS = 10_000_000;

    private final StoreContext store;
    private final Checkpoints checkpoints;
    private final BackgroundExecutor executor;
    private final Runnable alarm = this::ring; // made in advance: later there may be no memory for it

    private final AtomicLong requests = new AtomicLong();
    /** Up to which request all checkpoints were told. */
    private final AtomicLong told = new AtomicLong();

    private final AtomicBoolean isAlarmSet = new AtomicBoolean();

    CheckpointTeller(StoreContext store, Checkpoints checkpoints) {
        this.store = store;
        this.checkpoints = checkpoints;
        executor = store.shared.executor();
    }

    /** Something has changed that checkpoints may wait for. */
    void tell() {
        requests.incrementAndGet();
        tryTell();
    }

    /** A checkpoint was told, and could not take it: it is told again a moment later. */
    void tellAgain() {
        requests.incrementAndGet();
        tellLater();
    }

    /** Tries again at once, if an earlier attempt failed. */
    void tellUntold() {
        if (isUntold()) {
            tryTell();
        }
    }

    private boolean isUntold() {
        return told.get() < requests.get();
    }

    private void tryTell() {
        try {
            tellAll();
        } catch (RuntimeException | Error e) { // neither the caller nor the executor could do anything about it
            requests.incrementAndGet(); // another thread may have passed by the checkpoint that this one was at
            LOG.debug("Checkpoints of store {} could not be told; it is tried again", store.options.name(), e);
        } finally {
            tellLater();
        }
    }

    private void tellAll() {
        long upTo = requests.get();
        checkpoints.tell();
        told.accumulateAndGet(upTo, Math::max);
    }

    private void tellLater() {
        if (!isUntold() || !isAlarmSet.compareAndSet(false, true)) {
            return;
        }
        try {
            executor.schedule(AGAIN_NANOS, alarm);
        } catch (RuntimeException | Error e) {
            isAlarmSet.set(false);
            LOG.error(
                    "The executor refused an alarm of store {}; checkpoints that wait for files may wait until its next flush",
                    store.options.name(),
                    e);
        }
    }

    private void ring() {
        isAlarmSet.set(false);
        tryTell();
    }
}
