package io.forebay.kafka.state;

import io.forebay.kafka.bridge.KafkaInternals;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.offsets.CommitPayload;
import io.forebay.kafka.offsets.PayloadException;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.WriteBatch;
import java.io.File;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A state store of Kafka Streams, kept in one engine store under {@code <state directory>/forebay/<name>}. Subclasses
 * decide how Kafka's keys become row keys. This class opens, commits, restores and closes; it does not read or write rows
 * itself. What a commit says beside the rows is in {@link StoreCommits}.
 *
 * <p><b>Threads.</b> Reads, iterators and {@link #query} may come from any thread. All other calls come from one thread
 * at a time, the writer: the thread that has the task.
 *
 * <p><b>Durability.</b> {@link #commit} marks the rows written so far together with offsets, position and stream time, and
 * returns at once. The mark becomes durable in the background and at {@link #close()}. Rows written after the last commit
 * are dropped at close. After a crash the store is at its last durable commit. So the rows are never ahead of the offsets,
 * as exactly-once processing requires, and never behind them. A store without changelog starts empty after a kill under
 * exactly-once ({@link OpenMark}).
 *
 * <p><b>Damage.</b> When a file is found damaged and the store can be rebuilt from a topic, the files of the store are
 * deleted when it is closed, and Kafka restores the store at its next open. How the task learns of the damage:
 *
 * <ul>
 *   <li>While the task processes records, and finds the damage itself or uses the store after an interactive query has
 *       found it: the store throws that the task is corrupted. Kafka closes the task and revives it in place.
 *   <li>While the task restores: Kafka wraps each exception of a store and takes it for fatal. The exception handler of the
 *       application decides about the thread, and the store is restored when its task is opened again.
 *   <li>In a global store: as in a restore, but the application must be started again.
 *   <li>A store without changelog keeps its files and fails.
 * </ul>
 */
public abstract class ForebayStateStore implements StateStore {
    private static final Logger LOG = LoggerFactory.getLogger(ForebayStateStore.class);
    /** A batch object that has grown beyond this is not used again. */
    private static final int MAX_KEPT_BATCH_BYTES = 1 << 20;

    private static final AtomicReferenceFieldUpdater<ForebayStateStore, OpenStore> OPEN =
            AtomicReferenceFieldUpdater.newUpdater(ForebayStateStore.class, OpenStore.class, "open");

    private final String name;
    private final StoreLayout layout;
    private final StoreFailures failures;
    private final StoreCommits commits;
    private final OpenIterators iterators;

    // Written by the writer, read with acquire
    private volatile StateStoreContext context;

    /** Null while the store is closed. */
    // Written under this, read without. Any thread marks damage, by compare-and-set
    private volatile OpenStore open;

    // Written under this, read without
    private volatile WrittenPosition position = new WrittenPosition(Position.emptyPosition());

    // Writer only
    private boolean keepsLists;
    private boolean consistencyVectors;
    private WriteBatch batch = new WriteBatch();

    protected ForebayStateStore(String name, StoreLayout layout) {
        this.name = Objects.requireNonNull(name, "name cannot be null");
        this.layout = layout;
        this.failures = new StoreFailures(name);
        this.commits = new StoreCommits(name, layout, failures);
        this.iterators = new OpenIterators(name);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean persistent() {
        return true;
    }

    @Override
    public final boolean isOpen() {
        return open != null;
    }

    @Override
    public void init(StateStoreContext stateStoreContext, StateStore root) {
        context = stateStoreContext;
        keepsLists = KafkaInternals.keepsLists(root);
        open();
        if (root != null) {
            stateStoreContext.register(root, KafkaInternals.batchRestore(this::restore));
        }
    }

    /** The stream time to commit; -1 when the kind of store has none. */
    protected long streamTime() {
        return -1;
    }

    /** Called after the engine store has been opened, before anything is read or written. */
    protected void opened(StateStoreContext stateStoreContext, long streamTime) {}

    /** Writes a batch of changelog records to {@code batch}. Called under {@link #positionMonitor()}. */
    protected abstract void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch);

    /** Called for a restore while the store is closed; throws unless this kind of store opens itself again then. */
    protected void restoreWhileClosed() {
        throw failures.closed(null);
    }

    /** Opens the engine store of the context given to {@link #init}. */
    protected final synchronized void open() {
        if (open != null) {
            throw new IllegalStateException("Store " + name + " is already open");
        }
        ForebayConfig config = ForebayConfig.from(context.appConfigs());
        StoreDirectory directory = new StoreDirectory(context.stateDir(), name);
        boolean used = directory.isUsed();
        commits.opening(context, directory, rocksDb(context.stateDir()));
        SharedEnvironment lease = SharedEnvironment.lease(context.applicationId(), config);
        Store store = null;
        try {
            store = OpenStore.openEngine(name, context, lease, directory, this::files, config);
            CommitPayload last = commits.opened(context, store, directory, used, keepsLists);
            failures.opened(context);
            consistencyVectors = KafkaInternals.consistencyVectorsEnabled(context);
            position = new WrittenPosition(last == null ? Position.emptyPosition() : last.position());
            opened(context, last == null ? -1 : last.streamTime());
            open = new OpenStore(lease, store, false);
        } catch (PayloadException e) {
            throw new ProcessorStateException(
                    "Cannot open store " + name + " in " + directory + ": " + e.getMessage(), e);
        } catch (StoreException e) {
            throw new ProcessorStateException("Error opening store " + name + " in " + directory, e);
        } finally {
            if (open == null) {
                OpenStore.abandon(lease, store, name);
            }
        }
    }

    /** Where the engine keeps its files; overridden by tests that have a file store of their own. */
    FileStore files(File directory) {
        return FileStores.local(directory);
    }

    /** Where RocksDB would keep the store; overridden by tests in which the directory cannot be renamed. */
    RocksDbDirectory rocksDb(File stateDir) {
        return new RocksDbDirectory(stateDir, name, layout);
    }

    /**
     * Marks everything written so far as committed. Cheap; the class comment says when the mark becomes durable. The commit
     * that ends a move from RocksDB is durable when this method returns. Does nothing when the store is closed.
     *
     * @param changelogOffsets an empty map drops all offsets; a null value drops the offset of its partition. Offsets of
     *     partitions that the map does not name stay as they are
     */
    @Override
    public synchronized void commit(Map<TopicPartition, Long> changelogOffsets) {
        OpenStore current = open;
        if (current == null) {
            return;
        }
        failures.keptByThisThread();
        if (failures.isDamaged()) {
            if (!changelogOffsets.isEmpty()) {
                failures.refuseCommit();
            }
            return;
        }
        commits.offsets(changelogOffsets);
        byte[] payload;
        WrittenPosition now = position;
        synchronized (now.monitor()) {
            payload = commits.payload(streamTime(), now.upToDate());
        }
        commits.commit(current.store(), payload);
    }

    @Override
    public synchronized Long committedOffset(TopicPartition partition) {
        store();
        return commits.offset(partition);
    }

    @Override
    @SuppressWarnings("deprecation") // tells Kafka to use commit and committedOffset
    public final boolean managesOffsets() {
        return true;
    }

    @Override
    public final Position getPosition() {
        return position.upToDate();
    }

    /** The monitor under which rows and position change together. */
    protected final Object positionMonitor() {
        return position.monitor();
    }

    @Override
    public <R> QueryResult<R> query(Query<R> query, PositionBound positionBound, QueryConfig config) {
        WrittenPosition now = position;
        synchronized (now.monitor()) { // else a put in between could be missing in the position of the result
            return KafkaInternals.basicQuery(query, positionBound, config, this, now.upToDate(), context);
        }
    }

    /**
     * Makes the last commit durable and drops rows written after it. Closes the iterators that are still open: a later call
     * of such an iterator finds its end, or throws. Idempotent.
     */
    @Override
    public synchronized void close() {
        OpenStore current = open;
        if (current == null) {
            return;
        }
        failures.keptByThisThread();
        open = null;
        try (SharedEnvironment lease = current.lease();
                Store closing = current.store()) {
            commits.closing(closing);
            iterators.closeAll();
        } catch (StoreException e) {
            RuntimeException failure = failure("closing", e);
            if (!failures.isDamaged()) {
                throw failure;
            }
            LOG.warn("Error closing the damaged store {}", name, e);
        } finally {
            failures.closed();
            if (failures.isDamaged()) {
                new StoreDirectory(context.stateDir(), name).deleteFiles();
            }
        }
    }

    private void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog) {
        if (open == null) {
            restoreWhileClosed();
        }
        failures.keptByThisThread();
        synchronized (positionMonitor()) {
            try {
                restore(changelog, batch);
                if (!batch.isEmpty()) {
                    writer().write(batch);
                }
            } catch (StoreException e) {
                throw failure("restoring a batch to", e);
            } finally {
                releaseBatch();
            }
        }
    }

    /** An empty batch for the writer to fill and write. The writer calls {@link #releaseBatch} right after its use. */
    protected final WriteBatch batch() {
        return batch;
    }

    /** Ends the use of {@link #batch()}. */
    protected final void releaseBatch() {
        if (batch.sizeInBytes() > MAX_KEPT_BATCH_BYTES) {
            batch = new WriteBatch();
        } else {
            batch.clear();
        }
    }

    /** Merges the position vector of a changelog record into that of the store, if Kafka has written one. */
    protected final void mergePosition(ConsumerRecord<byte[], byte[]> changelogRecord) {
        if (consistencyVectors) {
            KafkaInternals.mergeConsistencyVector(changelogRecord, position.monitor());
        }
    }

    /** Notes the offset of the record that is being processed. Call under {@link #positionMonitor()}. */
    protected final void updatePosition() {
        position.note(context);
    }

    /**
     * The engine store, to read.
     *
     * @throws InvalidStateStoreException when the store is closed
     * @throws RuntimeException as {@link #failure}, when the caller is the task and a query has found damage
     */
    protected final Store store() {
        OpenStore current = open;
        if (current == null) {
            throw failures.closed(null);
        }
        if (current.damaged()) {
            failures.tellTask();
        }
        return current.store();
    }

    /** The engine store, to write; throws as {@link #store()}. */
    protected final Store writer() {
        Store store = store();
        if (commits.isMarkMissing()) {
            markOpen(store);
        }
        commits.written();
        return store;
    }

    private void markOpen(Store store) {
        try {
            commits.markOpen(store);
        } catch (StoreException e) {
            throw failure("writing to", e);
        }
    }

    /**
     * Opens an iterator of the engine for {@code rows}; a close of the store closes it. The caller holds the monitor of
     * {@code rows}.
     */
    final StoreIterator openIterator(KeyRange range, StoreRows<?> rows) {
        StoreIterator iterator = null;
        iterators.add(
                rows); // first: close() ends the store, then goes through the iterators, and must not miss this one
        try {
            iterator = store().iterator(range);
            return iterator;
        } finally {
            if (iterator == null) {
                iterators.remove(rows);
            }
        }
    }

    final void iteratorClosed(StoreRows<?> rows) {
        iterators.remove(rows);
    }

    /** The exception that Kafka expects for a failure of the engine. Any thread; {@code doing} goes into the message. */
    public final RuntimeException failure(String doing, StoreException cause) {
        RuntimeException failure = failures.failure(doing, cause);
        OpenStore current = open;
        if (failures.isDamaged() && current != null && !current.damaged()) {
            OPEN.compareAndSet(
                    this, current, current.asDamaged()); // fails when the store was closed or marked meanwhile
        }
        return failure;
    }
}
