package io.forebay.store.harness.kill;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyRange;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.ChildJvm;
import io.forebay.store.testing.ForgetfulFileStore;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.TreeMap;

/**
 * Lives one {@link KillLife} on a directory until it is killed, and says on its standard output what it knows to be safe:
 * {@code d n}, commit n is durable; {@code w n}, all writes up to operation n have returned; {@code c n}, the checkpoint that
 * was taken at operation n is written. Waits for a line of input with directory, seed and number of its first operation, so
 * that the start of the JVM costs no time, and for the name of a {@link Disk}.
 */
final class KillChild implements KillLife.Target {
    static final int OPERATIONS_PER_LINE = 16;

    private final Store store;
    private final File directory;
    private final long seed;
    private final Disk disk;
    private WriteBatch batch;

    /** What is left of what was not synced when the process is killed. */
    enum Disk {
        /** The machine goes on, and with it the page cache. */
        KEEPS_ALL,
        /** The page cache goes as well. */
        FORGETS;

        FileStore files(File directory, long seed) throws IOException {
            return this == FORGETS ? new ForgetfulFileStore(directory, seed) : FileStores.local(directory);
        }
    }

    private KillChild(Store store, File directory, long seed, Disk disk) {
        this.store = store;
        this.directory = directory;
        this.seed = seed;
        this.disk = disk;
    }

    /** A life before, killed as it wrote a checkpoint, may have come to an operation of the same number. */
    static File checkpoint(File directory, long seed, long number) {
        return new File(directory, "checkpoint-" + seed + "-" + number);
    }

    public static void main(String[] args) throws IOException {
        String[] order = ChildJvm.readOrder().split("\t");
        File directory = new File(order[0]);
        long seed = Long.parseLong(order[1]);
        Disk disk = Disk.valueOf(order[3]);
        FileStore files = disk.files(new File(directory, "store"), seed);
        Store store = KillLife.environment(seed).open(files, KillLife.options(seed));
        KillLife life = new KillLife(seed);
        KillChild child = new KillChild(store, directory, seed, disk);
        for (long number = Long.parseLong(order[2]); ; number++) {
            life.apply(number, child);
            if (number % OPERATIONS_PER_LINE == 0) {
                say("w " + number);
            }
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        if (batch != null) {
            batch.put(key, value);
        } else {
            store.put(key, value);
        }
    }

    @Override
    public void delete(byte[] key) {
        if (batch != null) {
            batch.delete(key);
        } else {
            store.delete(key);
        }
    }

    @Override
    public void merge(byte[] key, byte[] operand) {
        if (batch != null) {
            batch.merge(key, operand);
        } else {
            store.merge(key, operand);
        }
    }

    @Override
    public void deleteRange(byte[] from, byte[] to) {
        store.deleteRange(from, to);
    }

    @Override
    public void batch(Runnable changes) {
        batch = new WriteBatch();
        changes.run();
        WriteBatch filled = batch;
        batch = null;
        store.write(filled);
    }

    @Override
    public void ingest(TreeMap<byte[], byte[]> entries) {
        try (SortedIngest ingest = store.ingest()) {
            entries.forEach(ingest::add);
            ingest.finish();
        }
    }

    @Override
    public void commit(long number, boolean durably) {
        byte[] payload = Long.toString(number).getBytes(UTF_8);
        if (durably) {
            store.commitDurably(payload);
            say("d " + number);
        } else {
            store.commit(payload);
        }
    }

    @Override
    public void other(KillLife.Other what, long number) {
        switch (what) {
            case CHECKPOINT -> checkpoint(number);
            case FLUSH -> store.flush();
            case COMPACT -> store.compact();
            case READ -> {
                try (StoreIterator iterator = store.iterator(KeyRange.all())) {
                    iterator.seekToFirst();
                    for (int i = 0; i < 10 && iterator.isValid(); i++) {
                        iterator.next();
                    }
                }
            }
        }
    }

    private void checkpoint(long number) {
        try (Checkpoint checkpoint = store.checkpoint(Long.toString(number).getBytes(UTF_8))) {
            checkpoint.completion().join();
            checkpoint.writeTo(disk.files(checkpoint(directory, seed, number), seed ^ number));
            say("c " + number);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
