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
 * <p><b>Threads.</b> The task may be on two threads: the one that opened the store and processes records, and the one that
 * restores. All others ask interactive queries. Only the task can do something about damage, so a query is told that the
 * store cannot be read, and the task hears of it at its next call.
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
    /** Null before it is opened and after it is closed. */
    private volatile Thread openedBy;
    /** The last thread that restored or committed. */
    private volatile Thread keptBy;

    private volatile boolean globalThreadKnows;

    StoreFailures(String name) {
        this.name = name;
    }

    /** Begins anew; the caller is a thread of the task, or the one that keeps the store if it is a global one. */
    void opened(StateStoreContext itsContext) {
        context = itsContext;
        damage = null;
        openedBy = Thread.currentThread();
        keptBy = null;
        globalThreadKnows = false;
    }

    /** The caller restores or commits, so it is a thread of the task. */
    void keptByThisThread() {
        if (keptBy != Thread.currentThread()) {
            keptBy = Thread.currentThread();
        }
    }

    /** Lets go of the threads. */
    void closed() {
        openedBy = null;
        keptBy = null;
    }

    private boolean isTask() {
        Thread current = Thread.currentThread();
        return openedBy == current || keptBy == current;
    }

    /** True when files of the store are damaged and Kafka can restore it from a topic, so that they are not needed. */
    boolean isDamaged() {
        return damage != null;
    }

    /** Tells the task what a query has found; returns when the caller is a query. */
    void tellTask() {
        CorruptionException found = damage;
        if (found != null && isTask()) {
            throw failure("using", found);
        }
    }

    /** What Kafka expects to be thrown for a failure of the engine. */
    RuntimeException failure(String doing, StoreException cause) {
        if (cause instanceof StoreClosedException) {
            return closed(cause);
        }
        boolean query = !isTask();
        boolean global = KafkaInternals.isGlobal(context);
        if (global && !query) {
            globalThreadKnows = true;
        }
        if (cause instanceof CorruptionException found) {
            boolean rebuildable = KafkaInternals.isRebuildable(context, name);
            if (rebuildable) {
                damage = found;
            }
            if (query) {
                return new InvalidStateStoreException(
                        "Files of store " + name + " are damaged"
                                + (rebuildable ? "; it can be queried again when Kafka has restored it" : ""),
                        cause);
            }
            if (rebuildable && !global) {
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
        boolean known = globalThreadKnows && isTask();
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
