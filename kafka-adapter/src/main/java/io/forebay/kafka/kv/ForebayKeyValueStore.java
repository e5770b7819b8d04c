package io.forebay.kafka.kv;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.kafka.state.ForebayStateStore;
import io.forebay.kafka.state.InvalidRange;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.WriteBatch;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.FailureReason;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.query.RangeQuery;
import org.apache.kafka.streams.query.TimestampedRangeQuery;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * A key-value store. Iterators see the store as it was when they were made. They pin memory and files of the engine until
 * their end, their close or the close of the store. Threads: as in {@link ForebayStateStore}.
 */
public class ForebayKeyValueStore extends ForebayStateStore implements KeyValueStore<Bytes, byte[]> {
    // Written by the writer, read with acquire
    private volatile boolean addsTimestamps;

    ForebayKeyValueStore(String name) {
        this(name, ValueFormat.PLAIN);
    }

    ForebayKeyValueStore(String name, ValueFormat format) {
        super(name, new StoreLayout(StoreKind.KEY_VALUE, format, 0));
    }

    @Override
    public final void init(StateStoreContext context, StateStore root) {
        addsTimestamps = KafkaInternals.addsTimestamps(root);
        super.init(context, root);
    }

    @Override
    public final <R> QueryResult<R> query(Query<R> query, PositionBound bound, QueryConfig config) {
        if (addsTimestamps && (query instanceof RangeQuery || query instanceof TimestampedRangeQuery)) {
            return QueryResult.forFailure(
                    FailureReason.UNKNOWN_QUERY_TYPE,
                    "Store " + name()
                            + " keeps plain values where Kafka expects timestamps, and Kafka's adapter between the two "
                            + "answers range queries for RocksDB only. Supply the store by "
                            + "ForebayStores.persistentTimestampedKeyValueStore");
        }
        return super.query(query, bound, config);
    }

    @Override
    public byte[] get(Bytes key) {
        Objects.requireNonNull(key, "key cannot be null");
        try {
            return store().get(key.get());
        } catch (StoreException e) {
            throw failure("reading from", e);
        }
    }

    @Override
    public void put(Bytes key, byte[] value) {
        Objects.requireNonNull(key, "key cannot be null");
        Store writer = writer();
        synchronized (positionMonitor()) {
            updatePosition();
            try {
                if (value == null) {
                    writer.delete(key.get());
                } else {
                    writer.put(key.get(), value);
                }
            } catch (StoreException e) {
                throw failure("writing to", e);
            }
        }
    }

    @Override
    public byte[] putIfAbsent(Bytes key, byte[] value) {
        byte[] present = get(key);
        if (present == null) {
            put(key, value);
        }
        return present;
    }

    /** Writes all entries as one batch, in their order: readers see all of them or none. */
    @Override
    public void putAll(List<KeyValue<Bytes, byte[]>> entries) {
        WriteBatch batch = batch();
        try {
            for (KeyValue<Bytes, byte[]> entry : entries) {
                Objects.requireNonNull(entry.key, "key cannot be null");
                add(batch, entry.key.get(), entry.value);
            }
            Store writer = writer();
            synchronized (positionMonitor()) {
                updatePosition();
                writer.write(batch);
            }
        } catch (StoreException e) {
            throw failure("writing to", e);
        } finally {
            releaseBatch();
        }
    }

    @Override
    public byte[] delete(Bytes key) {
        byte[] present = get(key);
        put(key, null);
        return present;
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
        return range(from, to, true);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> reverseRange(Bytes from, Bytes to) {
        return range(from, to, false);
    }

    private KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to, boolean forward) {
        if (InvalidRange.warnIfInverted(from, to)) {
            return InvalidRange.empty();
        }
        return rows(KeyRange.closed(from == null ? null : from.get(), to == null ? null : to.get()), forward);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> all() {
        return rows(KeyRange.all(), true);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> reverseAll() {
        return rows(KeyRange.all(), false);
    }

    @Override
    public <PS extends Serializer<P>, P> KeyValueIterator<Bytes, byte[]> prefixScan(P prefix, PS prefixKeySerializer) {
        Objects.requireNonNull(prefix, "prefix cannot be null");
        Objects.requireNonNull(prefixKeySerializer, "prefixKeySerializer cannot be null");
        return rows(KeyRange.prefix(prefixKeySerializer.serialize(null, prefix)), true);
    }

    private KeyValueIterator<Bytes, byte[]> rows(KeyRange range, boolean forward) {
        try {
            return KeyValueRows.open(this, range, forward);
        } catch (StoreException e) {
            throw failure("reading from", e);
        }
    }

    /** An estimate: a key that has been overwritten or deleted may count more than once until a compaction. */
    @Override
    public long approximateNumEntries() {
        try {
            return store().statistics().estimatedEntries();
        } catch (StoreException e) {
            throw failure("reading from", e);
        }
    }

    @Override
    protected void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
        for (ConsumerRecord<byte[], byte[]> changelogRecord : changelog) {
            mergePosition(changelogRecord);
            add(batch, changelogRecord.key(), changelogRecord.value());
        }
    }

    private static void add(WriteBatch batch, byte[] key, byte[] value) {
        if (value == null) {
            batch.delete(key);
        } else {
            batch.put(key, value);
        }
    }
}
