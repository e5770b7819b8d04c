package io.forebay.store.harness.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.KeyRange;
import io.forebay.store.MemoryBudgetException;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import java.util.ArrayList;
import java.util.List;

/** A {@link FaultRun} in which the JVM runs out of heap or stack instead of the disk failing. */
final class JvmErrorRun extends FaultRun {
    /** Of a value that needs nearly all the memory that memtables may have: three quarters of the budget. */
    private static final int MOST_BYTES = 650_000;

    /** All checkpoints that were taken. */
    private final List<Checkpoint> waiting = new ArrayList<>();

    /** Whether references that leaked held so much memory that writes were refused, by name. */
    boolean outOfBudget;

    JvmErrorRun(long seed, StoreOptions options) {
        super(seed, options, false);
    }

    @Override
    void awaitCompletion(Checkpoint checkpoint) {
        waiting.add(checkpoint);
        while (!checkpoint.completion().isDone()) {
            if (executor.isIdle()) {
                throw new StoreException("There is no heap for the end of a checkpoint yet");
            }
            executor.help();
        }
    }

    /** The JVM may end a method between taking something and noting it: such things go with the process. */
    @Override
    void checkNothingLeft() {}

    /** Right answers or a reason, and writes, a resume or a reopen. */
    void checkGoesOn() {
        if (store == null) {
            reopen();
            return;
        }
        if (lastIngest != null) {
            lastIngest.close(); // the scenario's own close may not have come far enough
        }
        try {
            settlePending();
            checkReads(false);
        } catch (StoreException e) {
            assertThat(e.getMessage()).contains("open it again");
            assertThat(store.statistics().readOnlyCause()).isNotNull();
        }
        pass();
        checkNobodyWaits();
        if (store.statistics().readOnlyCause() != null) {
            StoreException refused = failure(() -> store.put(key("after"), key("the error")));
            assertThat(refused).isInstanceOf(ReadOnlyStoreException.class);
            refused = failure(store::resume);
            if (refused != null) {
                assertThat(refused).hasMessageContaining("open it again");
                reopen();
                return;
            }
        }
        StoreException late = failure(this::goOn);
        if (late != null) {
            outOfBudget = late instanceof MemoryBudgetException;
            if (!outOfBudget) {
                // not even the cause could be noted then: it shows with the next piece of work
                assertThat(late).isInstanceOf(ReadOnlyStoreException.class).hasMessageContaining("open it again");
                assertThat(store.statistics().readOnlyCause()).isNotNull();
            }
            checkReads(true);
        }
        reopen();
    }

    /** What the store answers is the state before the change that threw, or the one after it: from now on that is the model. */
    private void settlePending() {
        if (pending == null) {
            return;
        }
        Model after = model.copy();
        pending.accept(after);
        pending = null;
        try {
            after.assertSame(store, KeyRange.all(), "after the change that threw");
            model = after;
        } catch (AssertionError e) {
            model.assertSame(store, KeyRange.all(), "before the change that threw");
        }
    }

    private void goOn() {
        checkReads(false);
        put("after", "the error");
        commitDurably();
        checkCrash();
        fill("after", 30, 1);
        commit();
        store.compact();
        pass();
        checkReads(false);
        close();
    }

    @Override
    void checkCloses() {
        try {
            close();
        } catch (StoreException e) {
            // it says what it could not do
        }
        pass();
        checkNobodyWaits();
        checkNeighbour();
        reopen();
    }

    /**
     * What shares the memory gets it, or hears that it is used: it waits for nothing that a failed close keeps. For readers
     * that are under way it would wait a while; the interrupt ends that.
     */
    private void checkNeighbour() {
        try (Store neighbour = environment.open(new CrashFileStore(), options)) {
            Thread.currentThread().interrupt();
            neighbour.put(key("large"), new byte[MOST_BYTES]);
        } catch (StoreException e) {
            outOfBudget = true;
            assertThat(e.getMessage()).containsAnyOf("No memory for", "Interrupted while waiting for memory");
        } finally {
            Thread.interrupted();
        }
    }

    private void checkNobodyWaits() {
        assertThat(waiting)
                .as("checkpoints")
                .allMatch(checkpoint -> checkpoint.completion().isDone());
    }
}
