package io.forebay.kafka.bridge;

import java.time.Duration;
import java.util.Collection;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.AbstractKStreamTimeWindowAggregateProcessor;
import org.apache.kafka.streams.kstream.internals.KStreamSessionWindowAggregate;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.kstream.internals.TimeWindow;
import org.apache.kafka.streams.processor.StateRestoreCallback;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.internals.ChangelogRecordDeserializationHelper;
import org.apache.kafka.streams.processor.internals.GlobalProcessorContextImpl;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorContextImpl;
import org.apache.kafka.streams.processor.internals.ProcessorMetadata;
import org.apache.kafka.streams.processor.internals.RecordBatchingStateRestoreCallback;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.apache.kafka.streams.processor.internals.metrics.TaskMetrics;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.TimestampedBytesStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.CachingWindowStore;
import org.apache.kafka.streams.state.internals.KeyValueToTimestampedKeyValueByteStoreAdapter;
import org.apache.kafka.streams.state.internals.ListValueStore;
import org.apache.kafka.streams.state.internals.StoreQueryUtils;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The calls into Kafka's internals. Static and stateless. The thread rules are those of the arguments. */
public final class KafkaInternals {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaInternals.class);
    private static final StackWalker CALLS = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private KafkaInternals() {}

    /** A restore callback that is given whole batches of records, with their headers. */
    public static StateRestoreCallback batchRestore(Consumer<Collection<ConsumerRecord<byte[], byte[]>>> restore) {
        return (RecordBatchingStateRestoreCallback) restore::accept;
    }

    /** True when changelog records carry position vectors that a restore must merge. */
    public static boolean consistencyVectorsEnabled(StateStoreContext context) {
        return StreamsConfig.InternalConfig.getBoolean(
                context.appConfigs(), StreamsConfig.InternalConfig.IQ_CONSISTENCY_OFFSET_VECTOR_ENABLED, false);
    }

    /** Merges the position vector in the headers of a changelog record, if there is one, into {@code position}. */
    public static void mergeConsistencyVector(ConsumerRecord<byte[], byte[]> changelogRecord, Position position) {
        ChangelogRecordDeserializationHelper.applyChecksAndUpdatePosition(changelogRecord, true, position);
    }

    /** Answers key, range, window key and window range queries by the plain methods of {@code store}. Any thread. */
    public static <R> QueryResult<R> basicQuery(
            Query<R> query,
            PositionBound bound,
            QueryConfig config,
            StateStore store,
            Position position,
            StateStoreContext context) {
        return StoreQueryUtils.handleBasicQueries(query, bound, config, store, position, context);
    }

    /**
     * Returns what a store calls for each record that it refuses as too late. The call counts the record in the sensor of
     * the task. A context that is not Kafka's own, such as that of a unit test, has no such sensor; the call does nothing
     * then.
     */
    public static Runnable droppedRecords(StateStoreContext context) {
        if (!(context instanceof InternalProcessorContext<?, ?> internal)
                || !(context.metrics() instanceof StreamsMetricsImpl metrics)) {
            return () -> {};
        }
        Sensor sensor = TaskMetrics.droppedRecordsSensor(
                Thread.currentThread().getName(), context.taskId().toString(), metrics);
        return () -> sensor.record(1.0d, internal.currentSystemTimeMs());
    }

    /** True when the store can be rebuilt from a topic: when it has a changelog, or is a global store. */
    public static boolean isRebuildable(StateStoreContext context, String storeName) {
        return isGlobal(context)
                || context instanceof InternalProcessorContext<?, ?> internal
                        && internal.changelogFor(storeName) != null;
    }

    /** True when the task has a store of this name. A store without changelog is known after its {@code init} only. */
    public static boolean isStoreOfTask(StateStoreContext context, String storeName) {
        return context instanceof InternalProcessorContext<?, ?> internal && internal.changelogFor(storeName) != null
                || opened(context, storeName) != null;
    }

    /** True when the task has a window or session store of this name. The store is known after its {@code init} only. */
    public static boolean isSegmentedStoreOfTask(StateStoreContext context, String storeName) {
        StateStore store = opened(context, storeName);
        return store instanceof WindowStore || store instanceof SessionStore;
    }

    private static StateStore opened(StateStoreContext context, String storeName) {
        return context instanceof ProcessorContextImpl task
                ? task.stateManager().store(storeName)
                : null;
    }

    /**
     * True when Kafka keeps a serialised list of values in each row of the store under {@code root}, as it does for outer
     * joins.
     *
     * @param root the store as the task sees it; null when the task does not see it
     */
    public static boolean keepsLists(StateStore root) {
        StateStore store = root;
        while (store instanceof WrappedStateStore<?, ?, ?> wrapper) {
            if (wrapper instanceof ListValueStore) {
                return true;
            }
            store = wrapper.wrapped();
        }
        return false;
    }

    /**
     * Wraps a store so that Kafka's builders lay that record cache over it which keeps the order of time. They do so only
     * for stores whose values have a timestamp; other stores are returned as they are.
     *
     * @param store a time-ordered window store; the result owns it
     * @param indexed true when reads of a range of keys return rows by segment and key, false for the order of time
     * @return the wrapped store; or {@code store} itself, after a warning in the log, when this Kafka does not allow the
     *     wrapper. Then {@link #isCachedByKey} is true if Kafka lays a cache over the store
     */
    public static WindowStore<Bytes, byte[]> timeOrdered(WindowStore<Bytes, byte[]> store, boolean indexed) {
        if (!(store instanceof TimestampedBytesStore)) {
            return store;
        }
        try {
            return TimeOrderedWindowStore.of(store, indexed);
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.warn("This Kafka does not let store {} be known as time-ordered", store.name(), e);
            return store;
        }
    }

    /**
     * True when Kafka has laid over the innermost window store of {@code root} that record cache which sorts by key
     * within a segment.
     *
     * @param root the outermost store, as given to {@link StateStore#init}; null for none
     */
    public static boolean isCachedByKey(StateStore root) {
        for (StateStore store = root; store instanceof WrappedStateStore<?, ?, ?> wrapper; store = wrapper.wrapped()) {
            if (store instanceof CachingWindowStore) {
                return true;
            }
        }
        return false;
    }

    /**
     * True when Kafka puts a timestamp before the plain values of the store under {@code root}. It does so, with an
     * adapter, when a store of plain values is supplied to a table or to another builder of stores with timestamps. This
     * adapter answers range queries for RocksDB's iterators only.
     *
     * @param root the store as the task sees it; null when the task does not see it
     */
    public static boolean addsTimestamps(StateStore root) {
        StateStore store = root;
        while (store instanceof WrappedStateStore<?, ?, ?> wrapper) {
            store = wrapper.wrapped();
        }
        return store instanceof KeyValueToTimestampedKeyValueByteStoreAdapter;
    }

    /**
     * True when the caller of the store that calls this method is an operator that emits windows or sessions when they
     * close. Looks at the stack of the thread: nothing else tells such a read from that of a query.
     */
    public static boolean isReadToEmit() {
        return CALLS.walk(calls -> calls.map(StackWalker.StackFrame::getDeclaringClass)
                .dropWhile(KafkaInternals::isPartOfAStore)
                .findFirst()
                .map(KafkaInternals::emitsWhenClosed)
                .orElse(false));
    }

    private static boolean isPartOfAStore(Class<?> caller) {
        String name = caller.getName();
        return StateStore.class.isAssignableFrom(caller)
                || name.startsWith("io.forebay.kafka.")
                || name.startsWith("org.apache.kafka.streams.state.internals.")
                || name.startsWith("org.apache.kafka.streams.processor.internals.");
    }

    private static boolean emitsWhenClosed(Class<?> caller) {
        return AbstractKStreamTimeWindowAggregateProcessor.class.isAssignableFrom(caller)
                || caller.getEnclosingClass() == KStreamSessionWindowAggregate.class;
    }

    /** By how many milliseconds the changelog of a window or session store keeps rows longer than the store. */
    public static long additionalChangelogRetention(StateStoreContext context) {
        Object value = context.appConfigs().get(StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG);
        return value == null
                ? Duration.ofDays(1).toMillis()
                : (Long) ConfigDef.parseType(
                        StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG,
                        value,
                        ConfigDef.Type.LONG);
    }

    /**
     * Returns what tells whether the restore of the task has ended since this call: Kafka gives the context of an active task
     * new metadata then. It never does so for a standby task, or for the contexts in which it opens stores to look at them.
     */
    @SuppressWarnings("ReferenceEquality") // new metadata may say the same as the old
    public static BooleanSupplier restoreEnd(StateStoreContext context) {
        if (!(context instanceof InternalProcessorContext<?, ?> internal)) {
            return () -> false;
        }
        ProcessorMetadata before = internal.processorMetadata();
        return () -> internal.processorMetadata() != before;
    }

    /** True when {@code context} is that of global stores. */
    public static boolean isGlobal(StateStoreContext context) {
        return context instanceof GlobalProcessorContextImpl;
    }

    /** The windowed key of a time window; an end past the range of a long becomes {@code Long.MAX_VALUE}. */
    public static Windowed<Bytes> timeWindowed(Bytes key, long start, long size) {
        long end = start + size;
        return new Windowed<>(key, new TimeWindow(start, end < 0 ? Long.MAX_VALUE : end));
    }

    /** The windowed key of a session. */
    public static Windowed<Bytes> sessionWindowed(Bytes key, long start, long end) {
        return new Windowed<>(key, new SessionWindow(start, end));
    }
}
