package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.store.CorruptionException;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreException;
import java.util.Set;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Kafka is told when the engine fails, and whether the files of the store are damaged. Any thread.
 *
 * <p><b>Global stores.</b> The thread that keeps them dies of the first failure. On its way out it commits once more, and
 * does not close a single store if that fails too: directories would stay locked, and damaged files in place. So a commit
 * of a global store tells that thread only what it has not been told before.
 */
final class StoreFailures {
    private static final Logger LOG = LoggerFactory.getLogger(StoreFailures.class);

    private final String name;
    private volatile StateStoreContext context;
    private volatile CorruptionException damage;
    /** The thread that keeps a global store; null for the stores of a task. */
    private volatile Thread globalThread;

    private volatile boolean globalThreadKnows;

    StoreFailures(String name) {
        this.name = name;
    }

    /** Begins anew; the caller is the thread that keeps the store if it is a global one. */
    void opened(StateStoreContext itsContext) {
        context = itsContext;
        damage = null;
        globalThread = KafkaInternals.isGlobal(itsContext) ? Thread.currentThread() : null;
        globalThreadKnows = false;
    }

    /** Lets go of the thread. */
    void closed() {
        globalThread = null;
    }

    /** True when files of the store are damaged and Kafka can restore it from a topic, so that they are not needed. */
    boolean isDamaged() {
        return damage != null;
    }

    /** What Kafka expects to be thrown for a failure of the engine. */
    RuntimeException failure(String doing, StoreException cause) {
        if (cause instanceof StoreClosedException) {
            return closed(cause);
        }
        if (globalThread == Thread.currentThread()) {
            globalThreadKnows = true;
        }
        if (cause instanceof CorruptionException found && KafkaInternals.isRebuildable(context, name)) {
            damage = found;
            if (!KafkaInternals.isGlobal(context)) {
                return corruptedTask(found);
            }
        }
        return new ProcessorStateException("Error " + doing + " store " + name, cause);
    }

    InvalidStateStoreException closed(StoreException cause) {
        return new InvalidStateStoreException("Store " + name + " is currently closed", cause);
    }

    private TaskCorruptedException corruptedTask(CorruptionException cause) {
        return new TaskCorruptedException(
                Set.of(context.taskId()),
                new ProcessorStateException("Files of store " + name + " are damaged", cause));
    }

    /** A commit must not cover rows that cannot be read. Throws unless the thread of global stores knows already. */
    void refuseCommit() {
        commitFailed(damage);
    }

    /** Throws unless the thread of global stores knows already. */
    void commitFailed(StoreException cause) {
        boolean known = globalThreadKnows && globalThread == Thread.currentThread();
        RuntimeException failure = failure("committing", cause);
        if (!known) {
            throw failure;
        }
        LOG.warn("Nothing is committed to the global store {}, which has failed before", name, cause);
    }

    void committed() {
        globalThreadKnows = false;
    }
}
