package io.forebay.store.iter;

/**
 * Tells whether the runs below the sources of a flush or compaction may have older entries or range deletes. A delete is
 * dropped when there is nothing older under it. The answer may be true although there is nothing. Used by one thread.
 */
public interface OlderData {
    /** There is nothing older. */
    OlderData NONE = new OlderData() {
        @Override
        public boolean mayContain(byte[] key, int length) {
            return false;
        }

        @Override
        public boolean mayOverlap(byte[] from, byte[] to) {
            return false;
        }
    };

    /** There may be older entries for every key. */
    OlderData UNKNOWN = new OlderData() {
        @Override
        public boolean mayContain(byte[] key, int length) {
            return true;
        }

        @Override
        public boolean mayOverlap(byte[] from, byte[] to) {
            return true;
        }
    };

    /** Whether there may be older entries of {@code key[0, length)}, or range deletes over it. Called for ascending keys. */
    boolean mayContain(byte[] key, int length);

    /** The same for any key of {@code [from, to)}; null {@code to}: to the end. Called for any ranges. */
    boolean mayOverlap(byte[] from, byte[] to);
}
