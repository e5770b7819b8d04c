package io.forebay.store.harness.interleave;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadView;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.ScannedEntries;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** A store of {@link StoreInterleavings}, and what is open when two operations begin. */
final class InterleavedStore implements AutoCloseable {
    /** What is opened right before. */
    enum Opened {
        NOTHING,
        SNAPSHOT,
        ITERATOR
    }

    static final byte[] K = bytes("k");

    final SteppedEnvironment environment = new SteppedEnvironment(1 << 20);
    Store store;
    Snapshot snapshot;
    StoreIterator iterator;

    private final FileStore files = FileStores.inMemory();
    private final Durability durability;

    InterleavedStore(Durability durability) {
        this.durability = durability;
        open();
    }

    private void open() {
        store = environment.open(
                files,
                StoreOptions.builder()
                        .memtableBytes(1 << 10)
                        .commitInterval(Duration.ZERO) // a commit freezes the memtable
                        .durability(durability)
                        .mergeFunction(MergeFunction.append((byte) ',')));
    }

    void reopen() {
        store.close();
        open();
    }

    void open(Opened what) {
        if (what == Opened.SNAPSHOT) {
            snapshot = store.snapshot();
        } else if (what == Opened.ITERATOR) {
            iterator = store.iterator(KeyRange.all());
            iterator.seek(K);
        }
    }

    /** One piece of background work. */
    void step() {
        if (!environment.executor.step()) {
            throw new AssertionError("No background work to do");
        }
    }

    @Override
    public void close() {
        if (snapshot != null) {
            snapshot.close();
        }
        if (iterator != null) {
            iterator.close();
        }
        environment.close();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        if (bytes == null) {
            return "none";
        }
        return bytes.length > 1000 ? bytes.length + " bytes" : new String(bytes, StandardCharsets.UTF_8);
    }

    static String texts(List<byte[]> values) {
        return values.stream().map(InterleavedStore::text).toList().toString();
    }

    /** From where the iterator is, to the end. */
    static String rest(StoreIterator iterator, boolean forward) {
        StringBuilder text = new StringBuilder();
        while (iterator.isValid()) {
            text.append(text(iterator.key()))
                    .append('=')
                    .append(text(iterator.value()))
                    .append(' ');
            if (forward) {
                iterator.next();
            } else {
                iterator.prev();
            }
        }
        return text.toString();
    }

    static String scanInOneCall(ReadView view) {
        StoreIterator entries = new ScannedEntries(view, KeyRange.all());
        entries.seekToFirst();
        return rest(entries, true);
    }

    static String scan(ReadView view, boolean forward) {
        try (StoreIterator iterator = view.iterator(KeyRange.all())) {
            if (forward) {
                iterator.seekToFirst();
            } else {
                iterator.seekToLast();
            }
            return rest(iterator, forward);
        }
    }
}
