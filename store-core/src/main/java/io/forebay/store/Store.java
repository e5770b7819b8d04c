package io.forebay.store;

import java.util.Set;

/**
 * One ordered map of byte keys to byte values, kept in an LSM tree. {@link Environment} opens it; the caller closes it.
 *
 * <p><b>Threads.</b> One thread at a time writes. Writes are all methods declared here except accessors and those that
 * say "any thread". Another thread may become the writer if the hand-over happens before its first write, in the sense
 * of the memory model. Two threads that write at once are a bug of the caller, which throws {@link
 * IllegalStateException} when it is noticed. Any thread may read. Several threads may write at once to a store with a
 * write-ahead log ({@link StoreOptions#durability()}): they take turns, and wait for the log together.
 *
 * <p><b>Durability without a log.</b> A write is in memory only. {@link #commit} marks a point in the sequence of
 * writes. The mark becomes durable with the flush that covers it. After a crash, and after {@link #close()}, the state
 * of the store is exactly that of its last durable commit: all later writes are gone.
 *
 * <p><b>Durability with a log.</b> A reopen gives a prefix of all writes and commits. The prefix holds all that was
 * acknowledged in the sense of {@link Durability}; after {@link #close()} it holds everything. A write is visible to
 * readers before it is acknowledged. A write that ends with an exception of the log may or may not be found by a
 * reopen.
 *
 * <p><b>Errors.</b> When a flush, or a write of the manifest or of the write-ahead log fails, the store stops taking
 * writes: writes, and threads that wait for the disk, get a {@link ReadOnlyStoreException} that has the first failure
 * as its cause. Reads go on, in memory and in files. Nothing is lost: what was written stays in memory, and a commit
 * that was not durable yet becomes so after the repair, also one whose {@link #commitDurably} has thrown. Checkpoints
 * that are not complete yet fail, and must be taken again. What happens next depends on the cause:
 *
 * <ul>
 *   <li>no space, another I/O error, or no room in the memory budget: the store tries again by itself, after 0.1 to 30
 *       seconds, always with new files, and takes writes again when that succeeds. {@link #resume} tries at once;
 *   <li>an exception of a compaction filter, or an {@link EncryptionException}: {@link #resume} tries again;
 *   <li>damage, or a file of a newer version: the store stays read-only until it is closed and opened again.
 * </ul>
 *
 * A compaction that finds no space, or cannot read or write, does not stop writes. It is tried again later, and
 * meanwhile the growing number of sorted runs slows writers down. {@link StoreStatistics} has the state, and counts the
 * attempts.
 *
 * <p>When a {@link MergeFunction} fails on the operands of a key, reads of this key throw a {@link StoreException}
 * until the key is put or deleted. Nothing else fails.
 *
 * <p>After a close all methods but {@link #committedPayload}, {@link #durablePayload} and {@link #close} throw {@link
 * StoreClosedException}.
 *
 * <p><b>Arguments.</b> Keys are 0 to 16 MiB, values 0 to 1 GiB, payloads 0 to 64 MiB; longer ones are refused with
 * {@link IllegalArgumentException}. The operands of one key may exceed 1 GiB together; then a read of that key throws a
 * {@link StoreException} until the key is deleted or put, and everything else goes on. Null is refused with {@link
 * NullPointerException} unless a method says otherwise, and a part that is not inside its array with {@link
 * IndexOutOfBoundsException}. A write that finds no memory although everything was flushed throws a {@link
 * MemoryBudgetException}. In each of these cases nothing is written (but see {@link #write}). Arrays that are passed in
 * are copied, and may be reused.
 */
public interface Store extends ReadView, AutoCloseable {
    /** The longest key, in bytes. */
    int MAX_KEY_BYTES = 16 << 20;
    /** The longest value or operand, in bytes. */
    int MAX_VALUE_BYTES = 1 << 30;

    /**
     * Longest payload of a commit or a checkpoint. The manifest holds the newest payload, and is sometimes rewritten as
     * a whole.
     */
    int MAX_PAYLOAD_BYTES = 64 << 20;

    /**
     * Sets the value of a key.
     *
     * @throws MemoryBudgetException when the entry does not fit the memory budget
     */
    void put(byte[] key, byte[] value);

    /**
     * As {@link #put(byte[], byte[])}, of parts of arrays.
     *
     * @throws IndexOutOfBoundsException when a part is not inside its array
     */
    void put(byte[] key, int keyOffset, int keyLength, byte[] value, int valueOffset, int valueLength);

    /** Removes the value of a key, if it has one. A delete takes memory like a put, with the same errors. */
    void delete(byte[] key);

    /**
     * As {@link #delete(byte[])}, of a part of an array.
     *
     * @throws IndexOutOfBoundsException when the part is not inside its array
     */
    void delete(byte[] key, int keyOffset, int keyLength);

    /**
     * Adds an operand for the merge function of this store. The operand is stored whether or not the function accepts
     * it, see {@link MergeFunction}.
     *
     * @throws IllegalStateException when the store was opened without a merge function
     * @throws MemoryBudgetException as for a put
     */
    void merge(byte[] key, byte[] operand);

    /**
     * As {@link #merge(byte[], byte[])}, of parts of arrays.
     *
     * @throws IndexOutOfBoundsException when a part is not inside its array
     */
    void merge(byte[] key, int keyOffset, int keyLength, byte[] operand, int operandOffset, int operandLength);

    /**
     * Deletes all keys in {@code [from, to)} at the cost of one entry. A null {@code to} means that the range has no
     * end. An empty range does nothing.
     */
    void deleteRange(byte[] from, byte[] to);

    /** Deletes all keys that start with {@code prefix}, at the cost of one entry. An empty prefix deletes everything. */
    void deletePrefix(byte[] prefix);

    /**
     * Applies all operations of the batch atomically. The batch may be cleared and reused afterwards.
     *
     * <p>A batch that needs more than a quarter of the memory budget for its bytes, or more than half of it in a
     * memtable, is applied piece by piece. If that fails midway, readers never see anything of the batch, but the store
     * is read-only until it is opened again. Split such batches.
     *
     * @throws IllegalArgumentException also when the batch takes more than about 2 GiB in the write-ahead log
     */
    void write(WriteBatch batch);

    /**
     * Marks everything written so far as committed, and returns at once. The mark becomes durable in the background,
     * within {@link StoreOptions#commitInterval()} or one memtable of further writes. With a log a commit is one more
     * write: durable on return with {@link Durability#SYNCED}, within the interval with {@link Durability#BUFFERED}.
     *
     * @param payload bytes of the caller that become durable together with exactly this state; may be empty, not null;
     *     copied
     */
    void commit(byte[] payload);

    /** As {@link #commit}, but returns only when the mark is durable: files and manifest, or the log, are synced. */
    void commitDurably(byte[] payload);

    /**
     * Returns when everything written so far survives power loss: syncs the write-ahead log unless another thread has
     * synced it. Any thread.
     *
     * @throws IllegalStateException when the store has no log; use {@link #commitDurably} then
     * @throws ReadOnlyStoreException when the log has failed, also when the store is closed meanwhile: such a close
     *     brings all writes to files, or throws
     */
    void sync();

    /**
     * Payload of the newest commit, durable or not; empty when there was no commit; a copy. Any thread, also after a
     * close.
     */
    byte[] committedPayload();

    /**
     * Payload of the newest commit that is known to be durable, which a reopen after a crash would find; empty when
     * there was no such commit; a copy. Any thread, also after {@link #close}, which makes the newest commit durable
     * unless it throws.
     *
     * @throws ReadOnlyStoreException when it is not known which commit is durable: the store opened read-only, because
     *     the state that it found could not be made durable
     */
    byte[] durablePayload();

    /** The present state of the store, for repeated reads. The caller closes it. Any thread. */
    Snapshot snapshot();

    /**
     * Fixes the present state (committed or not) as a checkpoint. The thread of the caller only freezes the memtable
     * and pins files, whatever their size; the rest is done in the background, see {@link Checkpoint#completion()}. The
     * caller closes the checkpoint, which releases its files.
     *
     * @param payload bytes of the caller that are stored in the checkpoint; not null, may be empty; copied
     */
    Checkpoint checkpoint(byte[] payload);

    /**
     * Starts to build files straight from sorted entries, without the memtable: the fast way to load much data. Until
     * the ingest is finished or closed, other writes, commits, {@link #flush}, {@link #compact} and a second ingest
     * throw {@link IllegalStateException}; reads and checkpoints go on. The caller closes the ingest.
     */
    SortedIngest ingest();

    /**
     * Freezes the memtable, and returns when everything written so far is in synced files that the manifest names.
     * Without a log the newest commit is durable then. A flush is no commit: without a log a reopen leaves out what was
     * written after the newest commit.
     */
    void flush();

    /**
     * Flushes, and merges all files up to the last durable commit (with a log: all files) into the bottom run. With a
     * compaction filter each file that was there at the start is rewritten, so that the filter sees all of it. Waits
     * for the end of that, but not for files with later writes. Calls of several threads are done one after the other.
     * The new files are synced and in the manifest on return. For tests, benchmarks and maintenance.
     */
    void compact();

    /**
     * Ids of the master keys that the files of this store need now, its manifest and write-ahead logs included; empty
     * when the store is not encrypted. A key can be retired when it is in none of these sets, of no store and no
     * checkpoint. Any thread.
     */
    Set<String> encryptionKeyIds();

    /**
     * Tries at once to repair a store that has stopped taking writes (see the errors of this interface), and returns
     * when the store takes writes again. Does nothing when the store takes writes. Any thread.
     *
     * @throws ReadOnlyStoreException when the work that failed fails again, or cannot be repeated
     */
    void resume();

    /**
     * Reads every file of the store from disk, the manifest included. Checks checksums, the structure of all blocks,
     * the order of keys, what indexes, filters and properties say about them, and what must hold between files. Reads
     * write-ahead logs as a reopen would. Damage is reported, not thrown. Memtables are not checked.
     *
     * <p>It verifies the files that the store has at the start; writes, reads and compactions go on meanwhile. It takes
     * about as long as reading all files once, puts nothing into the block cache, and needs memory for the metadata and
     * a few blocks of one file, outside of the budget. To end it early, interrupt the thread: then the report is not
     * complete, and the thread stays interrupted. Any thread.
     *
     * @throws StoreClosedException when the store is closed, before or meanwhile
     */
    VerificationReport verify();

    /** Counters and gauges of this store; cheap. Any thread. */
    StoreStatistics statistics();

    /**
     * Ends a store whose state is not needed any more, promptly. What is in memory is dropped, and running flushes and
     * compactions stop within a few rows. Threads that wait (for memory, a flush, a durable commit) get {@link
     * StoreClosedException}. Nothing becomes durable by a discard. On return no thread of the environment works for
     * this store, its memory is given back (that of a read under way when the read ends), and the directory is unlocked. A
     * discard waits for calls that cannot be cut
     * off: one read, write or sync of the file store, and one call of a merge function, compaction filter, key provider
     * or slab allocator.
     *
     * <p>Files stay as they are, incomplete and obsolete ones included: delete the directory afterwards. An open would
     * find the last durable commit there, and delete files that are not needed. Open iterators, snapshots, checkpoints
     * and ingests become unusable, and there is no warning about them as in {@link #close}.
     *
     * <p>Any thread, also while other threads read and write, and while another thread is in {@link #close}; that close
     * then ends soon and may throw. Idempotent; does nothing after a close.
     *
     * @throws StoreException when a file could not be closed, or the directory not be unlocked; the store is ended all the same
     * @throws IllegalStateException when code that the background work of this store runs calls it, see {@link #close}
     */
    void discard();

    /**
     * Makes the last commit durable and drops uncommitted writes (with a log: makes all writes durable and drops none),
     * stops the background work of this store, and unlocks the directory. Iterators, snapshots, checkpoints and ingests
     * that are still open become unusable, and are reported by a warning in the log (see {@link
     * Environment.Builder#leakTracking}). Idempotent; when two threads close a store, the second one waits for the
     * first. Any thread, but not while another thread writes.
     *
     * @throws IllegalStateException when code that the background work of this store runs calls it, for example a merge
     *     function: close would wait for that work. Then nothing is closed
     * @throws StoreException when the last commit, or the log, could not be made durable, or when the next open of a
     *     store with a log may find an ingest that failed; the store is closed nevertheless
     */
    @Override
    void close();
}
