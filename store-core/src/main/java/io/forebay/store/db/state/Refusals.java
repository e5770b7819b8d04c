package io.forebay.store.db.state;

import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;

/**
 * The exceptions by which one store refuses calls, with its name and the remedy. {@link Lifecycle} decides when it does.
 * Immutable.
 */
public final class Refusals {
    private final String name;

    Refusals(String name) {
        this.name = name;
    }

    /** For a store that is read-only. */
    public StoreException readOnly(Lifecycle.Failure failure) {
        String remedy = switch (failure.severity()) {
            case TRANSIENT ->
                ". It tries again by itself as soon as the cause is removed, or at once with Store.resume(). Or"
                        + " close it and open it again: then it is at its last durable commit.";
            case STOPPED ->
                ". Remove the cause and call Store.resume(), or close the store and open it again: then it is at"
                        + " its last durable commit.";
            case FATAL -> ". Close it, remove the cause and open it again: then it is at its last durable commit.";
        };
        return new ReadOnlyStoreException(
                "Store " + name + " is read-only because background work failed: "
                        + failure.cause().getMessage() + remedy,
                failure.cause());
    }

    /** For a store that is closed. */
    public StoreClosedException closed() {
        return new StoreClosedException("Store " + name + " is closed");
    }

    /** For a close that a discard by another thread has cut off. @param cause why the close did not get on */
    public StoreClosedException discarded(Throwable cause) {
        StoreClosedException closed = new StoreClosedException(
                "Store " + name + " was discarded while it was being closed; its last commit may not be durable");
        closed.initCause(cause);
        return closed;
    }

    /** For a write beside an open ingest. */
    IllegalStateException ingesting() {
        return new IllegalStateException(
                "Store " + name + " has an open ingest; finish or close it before other writes");
    }
}
