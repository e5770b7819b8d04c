package io.forebay.store;

/**
 * Decides during a flush or a compaction whether a value may be dropped, for example because its time to live is over.
 * Background threads call it, so it must be stateless or thread-safe.
 *
 * <p><b>Readers.</b> Snapshots and iterators never lose a value to the filter. A job asks the filter only about plain
 * values that no snapshot or iterator needs which was open when the job started. When a snapshot or iterator was opened
 * during the job and is still open at its end, and the job dropped something, the job is done once more without the
 * filter; a later job asks the filter again. A snapshot or iterator that is opened at the moment in which such a job
 * becomes durable waits for that, that is for a sync of the manifest. So a store that always has readers open drops
 * little. A checkpoint holds what the filter has left by the time the checkpoint is complete.
 *
 * <p><b>When.</b> Each flush and each compaction that writes files asks about what it writes. A file that is only moved
 * from level to level, and a file of the bottom that nothing new overlaps, meet the filter again in two ways: {@link
 * Store#compact()} rewrites all files that were there when it was called, and files that have become older than {@link
 * StoreOptions#periodicCompaction()} are rewritten in the background. So a value whose time is over leaves the disk a
 * period after the last rewriting of its file, at the latest; later when a reader needed it at that time.
 *
 * <p><b>Errors.</b> An exception of the filter ends the job. After a failed flush the store is read-only until {@link
 * Store#resume}; see the errors of {@link Store}.
 *
 * <p><b>Calls.</b> The filter may read from stores, and open iterators and snapshots. A call that would wait for
 * background work ({@code flush}, {@code commitDurably}, {@code compact}, {@code resume}, {@code close}, a write that
 * finds no memory) throws {@link IllegalStateException}. While the filter blocks, the job waits, and so does a {@code
 * close}. An interrupt that the filter leaves set on a background thread is dropped.
 */
public interface CompactionFilter {
    /**
     * Whether the entry may be dropped.
     *
     * @param key bytes of the key in {@code [0, keyLength)}; the filter must not change or keep the array
     * @param value bytes of the value in {@code [0, valueLength)}; the filter must not change or keep the array
     * @return true to drop the entry: later reads find nothing, as after a delete
     */
    boolean drop(byte[] key, int keyLength, byte[] value, int valueLength);

    /**
     * Whether {@link #drop} has to be asked about the value of a key. A filter that knows from the key that it keeps the value saves the
     * job the reading of it, which is worth most for a value in a value file ({@link StoreOptions#valueFileThreshold}).
     *
     * @param key bytes of the key in {@code [0, keyLength)}; the filter must not change or keep the array
     * @return false when {@code drop} would return false whatever the value is; true unless overridden
     */
    default boolean mayDrop(byte[] key, int keyLength) {
        return true;
    }
}
