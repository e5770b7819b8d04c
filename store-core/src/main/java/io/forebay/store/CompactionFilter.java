package io.forebay.store;

/**
 * Decides during flush and compaction whether a value may vanish, for example because its time to live is over. Called from
 * background threads; must be stateless or thread-safe.
 *
 * <p>Snapshots and iterators never lose a value by it. It is asked only for plain values that none of them needs which was open
 * when the job began. When one is opened meanwhile and still open at the end of a job that dropped something, the job is done
 * once more without the filter; a later one asks again. One that is opened in the moment in which such a job becomes durable
 * waits for that, for a sync of the manifest. So a store that always has readers open drops little. Checkpoints hold what the
 * filter has left by the time they are complete.
 *
 * <p>What it throws ends the job: a flush puts the store in read-only mode until {@link Store#resume}, see the errors of {@link
 * Store}. It may read from stores, and open iterators and snapshots; what would wait for background work ({@code flush}, {@code
 * commitDurably}, {@code compact}, {@code resume}, {@code close}, a write that finds no memory) gets {@link
 * IllegalStateException}. While it blocks, the job and a {@code close} wait. An interrupt that it leaves behind on a background thread is dropped.
 */
public interface CompactionFilter {
    /**
     * @param key bytes of the key in {@code [0, keyLength)}, must not be changed or kept
     * @param value bytes of the value in {@code [0, valueLength)}, must not be changed or kept
     * @return true to drop the entry: later reads find nothing, as after a delete
     */
    boolean drop(byte[] key, int keyLength, byte[] value, int valueLength);
}
