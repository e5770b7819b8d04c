package io.forebay.store;

/**
 * Decides during flush and compaction whether a value may vanish, for example because its time to live is over. Asked
 * only for plain values that no snapshot needs. Called from background threads; must be stateless or thread-safe.
 */
public interface CompactionFilter {
    /**
     * @param key bytes of the key in {@code [0, keyLength)}, must not be changed or kept
     * @param value bytes of the value in {@code [0, valueLength)}, must not be changed or kept
     * @return true to drop the entry: later reads find nothing, as after a delete
     */
    boolean drop(byte[] key, int keyLength, byte[] value, int valueLength);
}
