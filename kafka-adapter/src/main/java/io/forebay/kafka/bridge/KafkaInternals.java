package io.forebay.kafka.bridge;

import java.time.Duration;
import java.util.Collection;
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

/** The calls into Kafka's internals. Static and stateless; the thread rules are those of the arguments. */
public final class KafkaInternals {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaInternals.class);
    private static final StackWalker CALLS = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private KafkaInternals() {}

    /** A restore callback that takes whole batches, records with their headers. */
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
     * Counts a record that the store refuses as too late. The sensor is that of the task; a context that is not Kafka's own
     * (a unit test's) has none, and the result does nothing.
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

    /** True when the store can be rebuilt from a topic: it has a changelog, or is a global store. */
    public static boolean isRebuildable(StateStoreContext context, String storeName) {
        return isGlobal(context)
                || context instanceof InternalProcessorContext<?, ?> internal
                        && internal.changelogFor(storeName) != null;
    }

    /** True when the task has a store of this name; without changelog it is known from its {@code init} on. */
    public static boolean isStoreOfTask(StateStoreContext context, String storeName) {
        return context instanceof InternalProcessorContext<?, ?> internal && internal.changelogFor(storeName) != null
                || opened(context, storeName) != null;
    }

    /** True when the task has a window or session store of this name; known from its {@code init} on. */
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
     * True when Kafka keeps a serialised list of values in each row of the store under {@code root}, as outer joins do.
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
     * The store as one over which Kafka's builders lay the record cache that keeps the order of time. They do so for stores
     * whose values have a timestamp only.
     *
     * @param store a time-ordered window store
     * @param indexed whether its reads of a range of keys come by segment and key, and not in the order of time
     * @return {@code store} itself when it cannot be had, which the log tells: {@link #isCachedByKey} is true then if Kafka
     *     lays a cache over it
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
     * True when Kafka's record cache lies over the window store that is the innermost of {@code root}, and it is the one that
     * sorts by key within a segment.
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
     * True when Kafka puts a timestamp before the plain values of the store under {@code root}: it was supplied to a table, or
     * to another builder of stores with timestamps. That adapter answers range queries for RocksDB's iterators only.
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
     * True when an operator that puts out windows or sessions when they close reads the store that asks: nothing else tells its
     * reads from those of queries. Looks at the calls under way.
     */
    public static boolean isReadToPutOut() {
        return CALLS.walk(calls -> calls.map(StackWalker.StackFrame::getDeclaringClass)
                .dropWhile(KafkaInternals::isPartOfAStore)
                .findFirst()
                .map(KafkaInternals::putsOutWhenClosed)
                .orElse(false));
    }

    private static boolean isPartOfAStore(Class<?> caller) {
        String name = caller.getName();
        return StateStore.class.isAssignableFrom(caller)
                || name.startsWith("io.forebay.kafka.")
                || name.startsWith("org.apache.kafka.streams.state.internals.")
                || name.startsWith("org.apache.kafka.streams.processor.internals.");
    }

    private static boolean putsOutWhenClosed(Class<?> caller) {
        return AbstractKStreamTimeWindowAggregateProcessor.class.isAssignableFrom(caller)
                || caller.getEnclosingClass() == KStreamSessionWindowAggregate.class;
    }

    /** How much longer than its store the changelog of a window or session store keeps rows, in milliseconds. */
    public static long additionalChangelogRetention(StateStoreContext context) {
        Object value = context.appConfigs().get(StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG);
        return value == null
                ? Duration.ofDays(1).toMillis()
                : (Long) ConfigDef.parseType(
                        StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG,
                        value,
                        ConfigDef.Type.LONG);
    }

    /** True for the context of global stores. */
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
