package io.forebay.store;

/**
 * A request does not fit the memory budget of the environment, even after everything was evicted and flushed that can
 * be. The message names the request, the budget, and its use.
 */
public final class MemoryBudgetException extends StoreException {
    private static final long serialVersionUID = 1L;

    public MemoryBudgetException(String message) {
        super(message);
    }

    public MemoryBudgetException(String message, Throwable cause) {
        super(message, cause);
    }
}
