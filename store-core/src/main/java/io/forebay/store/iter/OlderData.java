package io.forebay.store.iter;

/**
 * Whether there may be anything older than the sources of a flush or compaction below them, entries or range deletes. A
 * delete over a key for which there is nothing older can go. May err on the side of true. Used by one thread.
 */
public interface OlderData {
    /** Nothing older at all. */
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

    /** Something older may be anywhere. */
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

    /** Asked for ascending keys, {@code key[0, length)}. */
    boolean mayContain(byte[] key, int length);

    /** Asked for any range {@code [from, to)}; null {@code to}: to the end. */
    boolean mayOverlap(byte[] from, byte[] to);
}
