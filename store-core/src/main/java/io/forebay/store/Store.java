package io.forebay.store;

import java.util.Set;

/**
 * One ordered map of byte keys to byte values, kept in an LSM tree. Open it through {@link Environment}.
 *
 * <p><b>Threads.</b> One thread at a time writes (all methods declared here except the accessors); the role may move to
 * another thread if the hand-over happens before in the sense of the memory model. Two threads writing at once is a bug
 * of the caller, and answered with {@link IllegalStateException} when it is noticed. Reads come from any thread. A store
 * with a write-ahead log ({@link StoreOptions#durability()}) may be written by several threads at once: they take turns,
 * and wait for the log together.
 *
 * <p><b>Durability.</b> Without a log a write is in memory only. {@link #commit} marks a point in the sequence of writes;
 * the mark becomes durable with the flush that covers it. After a crash, and after {@link #close()}, the store is exactly
 * at its last durable commit: writes after it are gone as a whole.
 *
 * <p>With a log a reopen gives a prefix of all writes and commits that holds everything which was acknowledged in the sense
 * of {@link Durability}, and after {@link #close()} all of them. A write is visible to readers before it is acknowledged;
 * one that ends with an exception of the log may or may not be found by a reopen.
 *
 * <p><b>Errors.</b> When a flush, or a write of the manifest or the write-ahead log fails, the store stops taking writes:
 * they, and whoever waits for the disk, get a {@link ReadOnlyStoreException} with the first cause. Reads go on, in memory
 * and in files. Nothing is lost: what was written stays in memory, and a commit that was not durable yet still becomes so,
 * also one whose {@link #commitDurably} was told of the failure. Checkpoints that are not complete yet fail and must be
 * taken again. What happens next depends on the cause:
 *
 * <ul>
 *   <li>no space, another I/O error, or no room in the memory budget: the store tries again by itself, after 0.1 to 30
 *       seconds, always with new files, and takes writes again as soon as that succeeds. {@link #resume} tries at once;
 *   <li>an exception of a compaction filter, or an {@link EncryptionException}: {@link #resume} tries again;
 *   <li>damage, or a file of a newer version: the store stays as it is until it is closed and opened again.
 * </ul>
 *
 * A compaction that finds no space or cannot read or write does not stop writes: it is tried again later, and the writer is
 * slowed down by the sorted runs that gather. {@link StoreStatistics} tells the state and counts the attempts.
 *
 * <p>A {@link MergeFunction} that fails on the operands of a key fails reads of this key, with a {@link StoreException}, and
 * nothing else, until the key is put or deleted.
 * After close all methods throw {@link StoreClosedException} but {@link #committedPayload}, {@link #durablePayload} and
 * {@link #close}.
 *
 * <p><b>Arguments.</b> Keys are 0 to 16 MiB, values 0 to 1 GiB, payloads 0 to 64 MiB; longer ones are refused with {@link
 * IllegalArgumentException}. Operands of one key may become more than 1 GiB together; then a read of that key throws a
 * {@link StoreException}, until the key is deleted or put, and everything else goes on. Null is refused with {@link NullPointerException} unless a method says otherwise, and a
 * part that does not lie inside its array with {@link IndexOutOfBoundsException}. A write that finds no memory although
 * all has been flushed gets a {@link MemoryBudgetException}. In each of these cases nothing is written (but see {@link
 * #write}). Arrays handed in are copied and may be reused.
 */
public interface Store extends ReadView, AutoCloseable {
    int MAX_KEY_BYTES = 16 << 20;
    int MAX_VALUE_BYTES = 1 << 30;

    /** Of a commit or a checkpoint. The manifest holds the newest one, and is written as a whole now and then. */
    int MAX_PAYLOAD_BYTES = 64 << 20;

    /** Sets the value of a key. {@link MemoryBudgetException} when the entry does not fit the memory budget. */
    void put(byte[] key, byte[] value);

    /**
     * As {@link #put(byte[], byte[])}, of parts of arrays; {@link IndexOutOfBoundsException} when one is not inside its
     * array.
     */
    void put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength);

    /** Removes the value of a key, if there is one. It takes memory like a put, with the same errors. */
    void delete(byte[] key);

    /**
     * As {@link #delete(byte[])}, of a part of an array; {@link IndexOutOfBoundsException} when it is not inside of it.
     */
    void delete(byte[] key, int keyOffset, int keyLength);

    /**
     * Adds an operand for the merge function of this store, which is taken whether the function takes it or not, see
     * there. {@link IllegalStateException} when it was opened without one, {@link MemoryBudgetException} as for a put.
     */
    void merge(byte[] key, byte[] operand);

    /**
     * As {@link #merge(byte[], byte[])}, of parts of arrays; {@link IndexOutOfBoundsException} when one is not inside
     * its array.
     */
    void merge(byte[] key, int keyOffset, int keyLength, byte[] operand, int operandOffset, int operandLength);

    /** Deletes all keys in {@code [from, to)} at the cost of one entry; a null {@code to} means to the end. An empty range does nothing. */
    void deleteRange(byte[] from, byte[] to);

    /**
     * Deletes all keys that start with {@code prefix}, at the cost of one entry; an empty prefix deletes everything.
     */
    void deletePrefix(byte[] prefix);

    /**
     * Applies all operations of the batch atomically. The batch can be cleared and reused afterwards. One that needs more than a
     * quarter of the memory budget for its bytes, or half of it in a memtable, is applied piece by piece; should that fail
     * midway, nothing of it is ever seen, but the store is read-only until it is opened again: split such batches. With a
     * write-ahead log a batch that takes more than about 2 GiB in it is refused with {@link IllegalArgumentException}.
     */
    void write(WriteBatch batch);

    /**
     * Marks everything written so far as committed and returns at once. The mark becomes durable in the background, within
     * {@link StoreOptions#commitInterval()} or one memtable of further writes. With a log it is one more write: synced on
     * return with {@link Durability#SYNCED}, with {@link Durability#BUFFERED} within the interval.
     *
     * @param payload bytes of the caller that become durable with exactly this state; empty for none, not null; copied
     */
    void commit(byte[] payload);

    /** Like {@link #commit}, and returns only when the mark is durable (files and manifest synced, or the log). */
    void commitDurably(byte[] payload);

    /**
     * Returns when everything written so far survives power loss: syncs the write-ahead log unless somebody else did. Any
     * thread.
     *
     * @throws IllegalStateException when the store has no log; use {@link #commitDurably} then
     * @throws ReadOnlyStoreException when the log failed, also when the store is closed meanwhile: that close brings all writes to
     *     files, or throws
     */
    void sync();

    /**
     * Payload of the newest commit, durable or not; empty when there was none; a copy. Any thread, also after close.
     */
    byte[] committedPayload();

    /**
     * Payload of the newest commit that is known to be durable, what a reopen after a crash would find; empty when
     * there was none; a copy. Any thread, also after {@link #close}, which makes the newest commit durable unless it
     * throws.
     *
     * @throws ReadOnlyStoreException when nobody knows: the store opened read-only, because what it found could not be made durable
     */
    byte[] durablePayload();

    /** A stable view of now; close it. May be called from any thread. */
    Snapshot snapshot();

    /**
     * Fixes the present state (committed or not) as a checkpoint. The caller's thread only swaps the memtable and pins files,
     * whatever their size; the rest happens in the background. Close the checkpoint to release its files.
     *
     * @param payload bytes of the caller that travel inside the checkpoint; not null, may be empty
     */
    Checkpoint checkpoint(byte[] payload);

    /**
     * Starts building files straight from sorted entries, without the memtable: the fast way to load much data. Until
     * it is finished or closed, other writes, commits, {@link #flush}, {@link #compact} and a second ingest get {@link
     * IllegalStateException}; reads and checkpoints do not.
     */
    SortedIngest ingest();

    /**
     * Freezes the memtable and waits until everything written so far is in synced files that the manifest names. Does
     * not commit: without a log a reopen leaves out what is behind the last durable commit.
     */
    void flush();

    /**
     * Flushes, and merges all files up to the last durable commit (with a log: all files) into the bottom level; waits
     * for the end, not for what is written meanwhile. The new files are synced and in the manifest on return. For tests, benchmarks and maintenance.
     */
    void compact();

    /**
     * Ids of the master keys that the files of this store need now, manifest and write-ahead logs included; empty for a
     * store that is not encrypted. A key that is in none of these sets, of no store and no checkpoint, can be retired. Any
     * thread.
     */
    Set<String> encryptionKeyIds();

    /**
     * Tries at once to bring a store back that stopped taking writes, see the errors of this interface; returns when it takes
     * writes again. Does nothing when it does so anyway. Any thread.
     *
     * @throws ReadOnlyStoreException when the work that failed still fails, or cannot be done again
     */
    void resume();

    /**
     * Reads every file of the store from disk, the manifest included, and checks checksums, the structure of all blocks, the
     * order of keys, what indexes, filters and properties say about them, and what holds between files; reads write-ahead
     * logs as a reopen would. What is found is reported, not thrown. Memtables are not looked at.
     *
     * <p>It verifies the files of the moment at which it begins; writes, reads and compactions go on meanwhile. It takes about
     * as long as reading all files once, fills no cache, and needs memory for the metadata and a few blocks of one file,
     * outside of the budget. Interrupt the thread to end it early: the report is not complete then, and the thread stays
     * interrupted. Any thread.
     *
     * @throws StoreClosedException when the store is closed, before or meanwhile
     */
    VerificationReport verify();

    /** Counters and gauges of this store; cheap. Any thread. */
    StoreStatistics statistics();

    /**
     * Closes a store whose state nobody needs any more, promptly: whatever is in memory is dropped, flushes and compactions
     * under way are given up within a few rows, and threads that wait (for memory, a flush, a durable commit) get {@link
     * StoreClosedException}. Nothing becomes durable by it. On return no thread of the environment works for this store, its
     * memory is given back and the directory released. It waits for calls that cannot be cut off: one read, write or sync of
     * the file store, and one call of a merge function, compaction filter, key provider or slab allocator.
     *
     * <p>Files stay as they are, half-written and obsolete ones included: delete the directory afterwards. An open would find
     * the last durable commit there, and clean up. Open iterators, snapshots, checkpoints and ingests become unusable,
     * without the report of {@link #close}.
     *
     * <p>Any thread, also while others read and write, and while another one is in {@link #close}, which then ends soon and
     * may throw. Idempotent; does nothing after {@code close}.
     *
     * @throws IllegalStateException when it is called by code that the background work of this store runs, see {@link #close}
     */
    void discard();

    /**
     * Makes the last commit durable, drops uncommitted writes (with a log: makes all writes durable and drops none), stops
     * the background work of this store and releases the directory. Open iterators, snapshots, checkpoints and ingests
     * become unusable, and are reported by a warning in the log ({@link Environment.Builder#leakTracking}).
     * Idempotent; a second caller waits for the first one. Any thread, but not while another one writes.
     *
     * @throws IllegalStateException when it is called by code that the background work of this store runs, a merge function
     *     for example, which it would wait for; nothing is closed then
     * @throws StoreException when the last commit, or the log, could not be made durable, or the next open of a store with a log
     *     may find an ingest that failed; everything is let go nevertheless
     */
    @Override
    void close();
}
