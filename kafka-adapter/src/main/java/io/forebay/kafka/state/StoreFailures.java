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
 * Translates failures of the engine to the exceptions that Kafka expects, and remembers whether files of the store are
 * damaged. Thread-safe.
 *
 * <p><b>Threads.</b> Two threads may have the task in turn: the thread that opened the store and processes records, and
 * the thread that restores. Either is the writer while it has the task. All other threads run interactive queries. Only
 * the task can do something about damage. So a query is told that the store cannot be read, and the task is told at its
 * next call.
 *
 * <p><b>Global stores.</b> The global thread, which keeps them, dies of the first failure. On its way out it commits once
 * more. If that commit throws too, the thread closes no store at all: directories would stay locked, and damaged files in
 * place. So a commit of a global store throws only if the global thread has not been told of a failure before.
 */
final class StoreFailures {
    private static final Logger LOG = LoggerFactory.getLogger(StoreFailures.class);

    private final String name;

    /** Null while no damage is known. */
    // Racy: of the failures of two threads at once, one is kept
    private volatile CorruptionException damage;

    // Written by the writer, read with acquire
    private volatile StateStoreContext context;
    /** Null before the store is opened and after it is closed. */
    private volatile Thread openedBy;
    /** The last thread that restored or committed since the store was opened; null for none, and after a close. */
    private volatile Thread keptBy;
    /** True after the global thread has been told of a failure, until its next commit that succeeds. */
    private volatile boolean globalThreadKnows;

    StoreFailures(String name) {
        this.name = name;
    }

    /** Starts afresh. The caller is a thread of the task, or, for a global store, the global thread. */
    void opened(StateStoreContext itsContext) {
        context = itsContext;
        damage = null;
        openedBy = Thread.currentThread();
        keptBy = null;
        globalThreadKnows = false;
    }

    /** Notes the calling thread as one of the task, because it restores or commits. */
    void keptByThisThread() {
        if (keptBy != Thread.currentThread()) {
            keptBy = Thread.currentThread();
        }
    }

    /** Forgets the threads. */
    void closed() {
        openedBy = null;
        keptBy = null;
    }

    private boolean isTask() {
        Thread current = Thread.currentThread();
        return openedBy == current || keptBy == current;
    }

    /** True when files of the store are damaged and are not needed, because Kafka can restore the store from a topic. */
    boolean isDamaged() {
        return damage != null;
    }

    /** Throws when a query has found damage and the caller is the task; a query returns. */
    void tellTask() {
        CorruptionException found = damage;
        if (found != null && isTask()) {
            throw failure("using", found);
        }
    }

    /** The exception that Kafka expects for a failure of the engine; notes damage. {@code doing} goes into the message. */
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

    /**
     * Refuses a commit of a damaged store: a commit must not cover rows that cannot be read. Throws, unless the global
     * thread has been told already.
     */
    void refuseCommit() {
        commitFailed(damage);
    }

    /** Throws for a failed commit, unless the global thread has been told of a failure already. */
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
