package io.forebay.store.testing;

import io.forebay.store.BackgroundExecutor;

/** Background work that a test drives. */
public interface StepwiseExecutor extends BackgroundExecutor {
    /** Lets work run until none is due. */
    void drain();

    /** True when no work is left that could run. */
    boolean isIdle();
}
