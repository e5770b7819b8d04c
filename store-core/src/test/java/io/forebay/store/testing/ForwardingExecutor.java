package io.forebay.store.testing;

import io.forebay.store.BackgroundExecutor;

/** Hands everything to another {@link BackgroundExecutor}; a subclass replaces what it is about. As thread-safe as the other one. */
public abstract class ForwardingExecutor implements BackgroundExecutor {
    private final BackgroundExecutor delegate;

    protected ForwardingExecutor(BackgroundExecutor delegate) {
        this.delegate = delegate;
    }

    @Override
    public void execute(Kind kind, Runnable work) {
        delegate.execute(kind, work);
    }

    @Override
    public Runnable schedule(long delayNanos, Runnable work) {
        return delegate.schedule(delayNanos, work);
    }

    @Override
    public boolean help() {
        return delegate.help();
    }

    @Override
    public void close() {
        delegate.close();
    }
}
