package io.forebay.store.version;

import io.forebay.store.FileStore;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.io.MappedFiles;
import io.forebay.store.io.OpenFiles;
import io.forebay.store.io.PooledFile;
import io.forebay.store.sst.SstReader;
import java.util.ArrayList;
import java.util.List;

/**
 * The readers of SSTs that are in memory, of all stores of an environment, with the metadata of these files. A reader
 * is made when a file is read; its memory is taken from the memory budget. Readers leave, by the CLOCK algorithm, when
 * their memory is needed. So the metadata of all files may be larger than the budget. Open files are bounded separately
 * ({@link OpenFiles}): reading a block that is in memory needs no open file.
 *
 * <p>To find a reader takes one load of a field of {@link PhysicalFile}. Readers are not pinned, see {@link SstReader}.
 * Thread-safe. The ring and the writes to {@link PhysicalFile#reader} are guarded by the monitor of this object.
 */
public final class TableCache {
    private final BlockCache blocks;
    private final SlabPool pool;
    private final OpenFiles openFiles;

    private final List<Entry> ring = new ArrayList<>();

    // Guarded by this
    private int hand;
    private long misses;
    private long evictions;

    /**
     * @param pool gives the memory, and asks for it back
     * @param maxOpenFiles files that stay open for reading, at least 1
     * @param mapped which files are mapped
     */
    public TableCache(BlockCache blocks, SlabPool pool, int maxOpenFiles, MappedFiles mapped) {
        this.blocks = blocks;
        this.pool = pool;
        openFiles = new OpenFiles(maxOpenFiles, mapped);
        pool.readerReclaimer(this::evict);
    }

    /** A reader in the ring. */
    static final class Entry {
        final PhysicalFile file;
        final SstReader reader;
        // Guarded by TableCache
        private int index;

        Entry(PhysicalFile file, SstReader reader) {
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

    /** From now on the file has this reader. It counts as unused until it is used again. */
    synchronized void add(Entry entry) {
        entry.index = ring.size();
        ring.add(entry);
        entry.file.entry(entry);
    }

    synchronized void countMiss() {
        misses++;
    }

    /** Removes the reader of a file that is closed. */
    void remove(PhysicalFile file) {
        Entry entry;
        synchronized (this) {
            entry = file.entry();
            if (entry == null) {
                return;
            }
            takeOut(entry);
        }
        entry.reader.close();
    }

    /**
     * Gives about {@code bytes} back to the pool, from readers that were not used for a long time.
     *
     * @return bytes given back
     */
    long evict(long bytes) {
        long freed = 0;
        while (freed < bytes) {
            Entry victim = takeVictim();
            if (victim == null) {
                break;
            }
            freed += victim.reader.metadataBytes();
            victim.reader.close();
        }
        return freed;
    }

    private synchronized Entry takeVictim() {
        if (ring.isEmpty()) {
            return null;
        }
        // At most one turn, because readers set marks of use meanwhile.
        for (int left = ring.size(); left > 0; left--) {
            hand = hand < ring.size() ? hand : 0;
            if (!ring.get(hand).reader.takeUsed()) {
                break;
            }
            hand++;
        }
        hand = hand < ring.size() ? hand : 0;
        Entry victim = ring.get(hand);
        takeOut(victim);
        evictions++;
        return victim;
    }

    private void takeOut(Entry entry) {
        Entry last = ring.remove(ring.size() - 1);
        if (last != entry) {
            ring.set(entry.index, last);
            last.index = entry.index;
        }
        entry.file.entry(null);
    }

    /** Readers in memory now. */
    public synchronized int size() {
        return ring.size();
    }

    /** How often a reader was made so far because none was in memory. */
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
