package io.forebay.store.version;

import io.forebay.store.FileStore;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.io.OpenFiles;
import io.forebay.store.io.PooledFile;
import io.forebay.store.sst.SstReader;
import java.util.ArrayList;
import java.util.List;

/**
 * The readers of all files of an environment that are in memory, with the metadata of those files. They are made when
 * somebody reads, take from the memory budget, and leave, by CLOCK, when somebody else needs its memory. So the metadata of a
 * store may be any multiple of the budget. What is open of the files themselves is bounded apart from that ({@link
 * OpenFiles}): reading a block that is in memory needs no open file.
 *
 * <p>Finding a reader is one load of a field of {@link PhysicalFile}. Nobody pins one: see {@link SstReader}. Thread-safe.
 */
public final class TableCache {
    private final BlockCache blocks;
    private final SlabPool pool;
    private final OpenFiles openFiles;

    /** Guarded by this, as are the fields below, and the writes to {@link PhysicalFile#reader}. */
    private final List<Table> ring = new ArrayList<>();

    private int hand;
    private long misses;
    private long evictions;

    /**
     * @param pool gives the memory, and asks for it back
     * @param maxOpenFiles that stay open for reading, at least 1
     */
    public TableCache(BlockCache blocks, SlabPool pool, int maxOpenFiles) {
        this.blocks = blocks;
        this.pool = pool;
        openFiles = new OpenFiles(maxOpenFiles);
        pool.tableReclaimer(this::evict);
    }

    /** An entry of the ring, and of its file. */
    static final class Table {
        final PhysicalFile file;
        final SstReader reader;
        private int index;

        Table(PhysicalFile file, SstReader reader) {
            this.file = file;
            this.reader = reader;
        }
    }

    BlockCache blocks() {
        return blocks;
    }

    SlabPool pool() {
        return pool;
    }

    PooledFile file(FileStore files, String name) {
        return openFiles.file(files, name);
    }

    /** From now on the file is found with this reader. It counts as unused until it is found again. */
    synchronized void add(Table table) {
        table.index = ring.size();
        ring.add(table);
        table.file.table(table);
    }

    synchronized void countMiss() {
        misses++;
    }

    /** Lets a file go whose last reader has left. */
    void remove(PhysicalFile file) {
        Table table;
        synchronized (this) {
            table = file.table();
            if (table == null) {
                return;
            }
            takeOut(table);
        }
        table.reader.close();
    }

    /** Gives back about {@code bytes} to the pool, of readers that were not used for long. @return bytes given back */
    long evict(long bytes) {
        long freed = 0;
        while (freed < bytes) {
            Table victim = takeVictim();
            if (victim == null) {
                break;
            }
            freed += victim.reader.metadataBytes();
            victim.reader.close();
        }
        return freed;
    }

    private synchronized Table takeVictim() {
        if (ring.isEmpty()) {
            return null;
        }
        // One turn at most, so that readers cannot keep this going.
        for (int left = ring.size(); left > 0; left--) {
            hand = hand < ring.size() ? hand : 0;
            if (!ring.get(hand).reader.takeUsed()) {
                break;
            }
            hand++;
        }
        hand = hand < ring.size() ? hand : 0;
        Table victim = ring.get(hand);
        takeOut(victim);
        evictions++;
        return victim;
    }

    private void takeOut(Table table) {
        Table last = ring.remove(ring.size() - 1);
        if (last != table) {
            ring.set(table.index, last);
            last.index = table.index;
        }
        table.file.table(null);
    }

    /** Readers in memory now. */
    public synchronized int size() {
        return ring.size();
    }

    /** How often a reader had to be made so far, because none was in memory. */
    public synchronized long misses() {
        return misses;
    }

    /** How often a reader left because its memory was needed. */
    public synchronized long evictions() {
        return evictions;
    }

    /** Files that are open for reading now. */
    public int openFiles() {
        return openFiles.count();
    }

    /** How often a file was opened for reading so far. */
    public long fileOpens() {
        return openFiles.opens();
    }
}
