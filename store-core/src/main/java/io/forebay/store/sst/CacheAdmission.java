package io.forebay.store.sst;

/**
 * Decides which blocks of the files that a job writes enter the block cache. One for each job that reads and writes. Used by one
 * thread.
 */
public interface CacheAdmission {
    /** Whose place a block may take. */
    enum Place {
        /** It stays out. */
        NONE,
        /** That of no other block. */
        FREE,
        /** That of a block that was not used recently, if there is no free one. */
        UNUSED
    }

    /** For what was written to memory a moment ago: all of it. */
    CacheAdmission FREE = new CacheAdmission() {
        @Override
        public Place data(int bytes) {
            return Place.FREE;
        }

        @Override
        public Place tail(int bytes) {
            return Place.FREE;
        }
    };

    /** For the next data block. @param bytes that it would take in the cache */
    Place data(int bytes);

    /** For a filter or index block that is complete, and is written later. @param bytes that it would take in the cache */
    Place tail(int bytes);
}
