package io.forebay.flink.restore;

import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads many rows, in almost sorted order, into a new store. Rows are collected in batches and sorted. A batch whose rows
 * all follow those ingested last is ingested too, that is, written to files past the memtable. Any other batch is put. So a
 * savepoint of an ordered backend never uses the memtable; nor does a savepoint of another backend if its key groups fit
 * into batches.
 *
 * <p>A batch with a long row is ingested wherever it lies: the row need not fit into the memtables, and no other way would
 * take a list that has outgrown them. Batches of short rows are not, because each would become a sorted run of its own.
 *
 * <p>Each row must be new to the store. Of rows with the same key the last one stays: a heap map whose keys have no equals of
 * their own, such as arrays, writes several. Used by one thread. The caller closes it in any case.
 */
final class RowLoader implements AutoCloseable {
    private static final int BATCH_BYTES = 8 << 20;
    private static final int BYTES_PER_ROW = 64;
    /** A longer row may not fit into the memtables of a small store. A running job writes its lists in pieces of this. */
    private static final int LONG_ROW_BYTES = 128 << 10;

    private final Store store;
    private final int batchBytes;
    private final List<byte[][]> batch = new ArrayList<>();
    private long batchSize;
    private boolean sorted = true;
    private boolean hasLongRow;
    private SortedIngest ingest;
    private byte[] lastIngested;

    RowLoader(Store store) {
        this(store, BATCH_BYTES);
    }

    RowLoader(Store store, int batchBytes) {
        this.store = store;
        this.batchBytes = batchBytes;
    }

    void add(byte[] key, byte[] value) {
        if (sorted && !batch.isEmpty() && Arrays.compareUnsigned(batch.get(batch.size() - 1)[0], key) >= 0) {
            sorted = false;
        }
        batch.add(new byte[][] {key, value});
        batchSize += (long) BYTES_PER_ROW + key.length + value.length;
        hasLongRow |= (long) key.length + value.length > LONG_ROW_BYTES;
        if (batchSize >= batchBytes) {
            endBatch();
        }
    }

    /** Ends a batch. The caller says by this call that all later rows are greater than the rows so far. */
    void endBatch() {
        if (batch.isEmpty()) {
            return;
        }
        if (!sorted) {
            batch.sort((a, b) -> Arrays.compareUnsigned(a[0], b[0])); // stable: equal keys stay in their order
        }
        boolean follows = lastIngested == null || Arrays.compareUnsigned(batch.get(0)[0], lastIngested) > 0;
        if (!follows) {
            finishIngest();
        }
        if (follows || hasLongRow) {
            ingestBatch();
        } else {
            for (byte[][] row : batch) {
                store.put(row[0], row[1]);
            }
        }
        batch.clear();
        batchSize = 0;
        sorted = true;
        hasLongRow = false;
    }

    private void ingestBatch() {
        if (ingest == null) {
            ingest = store.ingest();
        }
        for (int i = 0; i < batch.size(); i++) {
            byte[][] row = batch.get(i);
            boolean replaced = i + 1 < batch.size() && Arrays.equals(row[0], batch.get(i + 1)[0]);
            if (!replaced) {
                ingest.add(row[0], row[1]);
            }
        }
        lastIngested = batch.get(batch.size() - 1)[0];
    }

    /** Makes all rows visible. */
    void finish() {
        endBatch();
        finishIngest();
    }

    @Override
    public void close() {
        if (ingest != null) {
            ingest.close();
            ingest = null;
        }
    }

    private void finishIngest() {
        if (ingest != null) {
            ingest.finish();
            close();
        }
    }
}
