package io.forebay.flink.restore;

import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads many rows, in almost sorted order, into a new store. Rows are collected in batches and sorted. A batch whose rows
 * all follow the rows ingested so far is ingested too, that is, written to files past the memtable. Any other batch is
 * put. So a savepoint of an ordered backend never uses the memtable; nor does a savepoint of another backend if its key
 * groups fit into batches. Each row must be new to the store. Used by one thread. The caller closes it in any case.
 */
final class RowLoader implements AutoCloseable {
    private static final int BATCH_BYTES = 8 << 20;
    private static final int BYTES_PER_ROW = 64;

    private final Store store;
    private final int batchBytes;
    private final List<byte[][]> batch = new ArrayList<>();
    private long batchSize;
    private boolean sorted = true;
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
        batchSize += BYTES_PER_ROW + key.length + value.length;
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
            batch.sort((a, b) -> Arrays.compareUnsigned(a[0], b[0]));
        }
        if (lastIngested != null && Arrays.compareUnsigned(batch.get(0)[0], lastIngested) <= 0) {
            finishIngest();
            for (byte[][] row : batch) {
                store.put(row[0], row[1]);
            }
        } else {
            if (ingest == null) {
                ingest = store.ingest();
            }
            for (byte[][] row : batch) {
                ingest.add(row[0], row[1]);
            }
            lastIngested = batch.get(batch.size() - 1)[0];
        }
        batch.clear();
        batchSize = 0;
        sorted = true;
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
