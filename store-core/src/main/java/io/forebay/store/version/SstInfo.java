package io.forebay.store.version;

/**
 * What never changes about one SST: its length, and counts of its content, which its writer made. Immutable.
 *
 * @param fileBytes length of the file
 * @param minSequence smallest sequence number in the file, range deletes included
 * @param maxSequence largest sequence number in the file, range deletes included
 * @param entries point entries
 * @param pointDeletes point deletes among them
 * @param rangeDeletes fragments of range deletes
 * @param creationMillis wall clock at creation
 * @param keyId id of the master key that is needed to read the file, or null when it is not encrypted
 */
public record SstInfo(
        long fileBytes,
        long minSequence,
        long maxSequence,
        long entries,
        long pointDeletes,
        long rangeDeletes,
        long creationMillis,
        String keyId) {}
