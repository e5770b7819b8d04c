package io.forebay.store.util;

import io.forebay.store.CorruptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;

/**
 * The one format version of all files of a store: SSTs, manifests, write-ahead logs and the metadata of checkpoints. It rises
 * for changes that no field of a {@link FieldListWriter list} can express. Thread-safe, without state.
 */
public final class FormatVersion {
    public static final int CURRENT = 2;

    private FormatVersion() {}

    /**
     * Checks the version that a file says it has. The caller has checked a checksum over it, so it is what was written.
     *
     * @param what the file, for messages: "SST x.sst"
     * @param file name of the file
     * @param offset of the version in the file
     * @throws FormatTooNewException for a later version
     * @throws FormatTooOldException for version 1, which no release has written
     * @throws CorruptionException for a number that is no version
     */
    public static void check(int version, String what, String file, long offset) {
        if (version > CURRENT) {
            throw new FormatTooNewException(what + " has format version " + version
                    + "; this version of Forebay reads version " + CURRENT
                    + ". Open the store with the version that wrote it.");
        }
        if (version < 1) {
            throw new CorruptionException(file, offset, "a format version of 1 or more", Integer.toString(version));
        }
        if (version < CURRENT) {
            throw new FormatTooOldException(what + " has format version " + version
                    + ", which builds before the first release wrote; this version of Forebay reads version " + CURRENT
                    + ". Rebuild the state from its host: from the changelog topic, or from a canonical savepoint that"
                    + " was taken with the old build. Or copy the entries with the old build.");
        }
    }
}
