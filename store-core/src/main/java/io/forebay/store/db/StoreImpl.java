package io.forebay.store.db;

import io.forebay.store.Checkpoint;
import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Snapshot;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreStatistics;
import io.forebay.store.ValueBuffer;
import io.forebay.store.VerificationReport;
import io.forebay.store.WriteBatch;
import io.forebay.store.db.read.SnapshotImpl;
import io.forebay.store.db.state.Lifecycle;
import io.forebay.store.db.state.Opened;
import io.forebay.store.db.state.StoreContext;
import io.forebay.store.db.write.EntryLimits;
import io.forebay.store.verify.Verification;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The store that users have. Each method checks its arguments and calls the part of the store that does the work. */
final class StoreImpl implements Store {
    private final StoreContext store;
    private final StoreParts parts;

    StoreImpl(StoreContext store, StoreParts parts) {
        this.store = store;
        this.parts = parts;
    }

    @Override
    public void put(byte[] key, byte[] value) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        parts.writes.put(key, 0, key.length, value, 0, value.length);
    }

    @Override
    public void put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
        parts.writes.put(key, keyOffset, keyLength, value, valueOffset, valueLength);
    }

    @Override
    public void delete(byte[] key) {
        Objects.requireNonNull(key, "key");
        parts.writes.delete(key, 0, key.length);
    }

    @Override
    public void delete(byte[] key, int keyOffset, int keyLength) {
        Objects.requireNonNull(key, "key");
        parts.writes.delete(key, keyOffset, keyLength);
    }

    @Override
    public void merge(byte[] key, byte[] operand) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(operand, "operand");
        parts.writes.merge(key, 0, key.length, operand, 0, operand.length);
    }

    @Override
    public void merge(byte[] key, int keyOffset, int keyLength, byte[] operand, int operandOffset, int operandLength) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(operand, "operand");
        parts.writes.merge(key, keyOffset, keyLength, operand, operandOffset, operandLength);
    }

    @Override
    public void deleteRange(byte[] from, byte[] to) {
        parts.writes.deleteRange(Objects.requireNonNull(from, "from"), to);
    }

    @Override
    public void deletePrefix(byte[] prefix) {
        parts.writes.deleteRange(Objects.requireNonNull(prefix, "prefix"), KeyRange.prefixEnd(prefix));
    }

    @Override
    public void write(WriteBatch batch) {
        parts.writes.write(Objects.requireNonNull(batch, "batch"));
    }

    @Override
    public void commit(byte[] payload) {
        parts.commits.commit(EntryLimits.checkPayload(payload));
    }

    @Override
    public void commitDurably(byte[] payload) {
        parts.commits.commitDurably(EntryLimits.checkPayload(payload));
    }

    @Override
    public void sync() {
        parts.commits.sync();
    }

    @Override
    public byte[] committedPayload() {
        return store.commits.last().payload().clone();
    }

    @Override
    public byte[] durablePayload() {
        Exception openFailure = store.versions.openFailure();
        if (openFailure != null) {
            throw new ReadOnlyStoreException(
                    "It is not known which commit of store " + store.options.name() + " is durable: when the store was"
                            + " opened, its state could not be written again. Remove the cause and call Store.resume().",
                    openFailure);
        }
        return store.commits.durable().payload().clone();
    }

    @Override
    public byte[] get(byte[] key) {
        return parts.reads.get(Objects.requireNonNull(key, "key"), null);
    }

    @Override
    public boolean get(byte[] key, int offset, int length, ValueBuffer into) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(into, "into");
        return parts.reads.get(key, offset, length, into, null);
    }

    @Override
    public List<byte[]> multiGet(List<byte[]> keys) {
        return parts.reads.multiGet(Objects.requireNonNull(keys, "keys"), null);
    }

    @Override
    public StoreIterator iterator(KeyRange range) {
        return parts.reads.iterator(range, null);
    }

    @Override
    public void scan(KeyRange range, EntryBatch into) {
        Objects.requireNonNull(into, "into").clear();
        parts.reads.scan(Objects.requireNonNull(range, "range"), into, null);
    }

    @Override
    public Snapshot snapshot() {
        return new SnapshotImpl(store, parts.reads, parts.reads.claimNow(Opened.now("snapshot", store.shared)));
    }

    @Override
    public Checkpoint checkpoint(byte[] payload) {
        return parts.checkpoints.take(EntryLimits.checkPayload(payload));
    }

    @Override
    public SortedIngest ingest() {
        return parts.ingest();
    }

    @Override
    public void flush() {
        parts.flush();
    }

    @Override
    public void compact() {
        parts.compact();
    }

    @Override
    public Set<String> encryptionKeyIds() {
        return Statistics.encryptionKeyIds(store);
    }

    @Override
    public void resume() {
        parts.errors.resume();
    }

    @Override
    public VerificationReport verify() {
        Lifecycle lifecycle = store.lifecycle;
        VerificationReport report = null;
        if (!lifecycle.isClosed()) {
            BooleanSupplier stopped =
                    () -> lifecycle.isClosed() || Thread.currentThread().isInterrupted();
            try {
                report = Verification.of(store.versions, store.files, store.shared.clock(), stopped);
            } catch (IllegalStateException e) {
                if (!lifecycle.isClosed()) {
                    throw e;
                }
            }
        }
        if (lifecycle.isClosed()) {
            throw lifecycle.refusals().closed();
        }
        return report;
    }

    @Override
    public StoreStatistics statistics() {
        return parts.statistics();
    }

    @Override
    public void discard() {
        parts.closer.discard();
    }

    @Override
    public void close() {
        parts.closer.close();
    }
}
