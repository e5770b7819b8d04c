package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;

/**
 * What a version knows of one SST, or of the part of it that it shows. Immutable.
 *
 * @param id of the physical file
 * @param fileBytes length of the physical file
 * @param range the keys that are visible; everything in the file outside of it does not exist
 * @param virtual true when {@code range} hides a part of the file
 * @param minSequence smallest sequence number in the physical file, range deletes included
 * @param maxSequence largest one
 * @param entries point entries of the physical file
 * @param pointDeletes deletes among them
 * @param rangeDeletes range tombstone fragments of the physical file
 * @param overrideSequence -1, or the sequence number that all entries count as (ingested files)
 * @param creationMillis wall clock at creation
 * @param keyId master key that the physical file needs to be read, or null when it is plain
 * @param file the open file; null in an edit that was only decoded, never null in a version
 */
public record FileMeta(
        FileId id,
        long fileBytes,
        KeyRange range,
        boolean virtual,
        long minSequence,
        long maxSequence,
        long entries,
        long pointDeletes,
        long rangeDeletes,
        long overrideSequence,
        long creationMillis,
        String keyId,
        PhysicalFile file) {

    /** A file that is not encrypted. */
    public FileMeta(
            FileId id,
            long fileBytes,
            KeyRange range,
            boolean virtual,
            long minSequence,
            long maxSequence,
            long entries,
            long pointDeletes,
            long rangeDeletes,
            long overrideSequence,
            long creationMillis,
            PhysicalFile file) {
        this(
                id,
                fileBytes,
                range,
                virtual,
                minSequence,
                maxSequence,
                entries,
                pointDeletes,
                rangeDeletes,
                overrideSequence,
                creationMillis,
                null,
                file);
    }

    /** The largest sequence number as readers see it. */
    public long newestSequence() {
        return overrideSequence >= 0 ? overrideSequence : maxSequence;
    }

    /** The smallest sequence number as readers see it. */
    public long oldestSequence() {
        return overrideSequence >= 0 ? overrideSequence : minSequence;
    }

    /** The same file, showing only what also lies in {@code clip}; null when nothing is left. */
    public FileMeta clip(KeyRange clip) {
        KeyRange visible = range.intersect(clip);
        if (visible.isEmpty()) {
            return null;
        }
        return new FileMeta(
                id,
                fileBytes,
                visible,
                virtual || !visible.equals(range),
                minSequence,
                maxSequence,
                entries,
                pointDeletes,
                rangeDeletes,
                overrideSequence,
                creationMillis,
                keyId,
                file);
    }

    /** The visible range for messages, which show no key of an encrypted file. */
    String rangeText() {
        return KeyText.forFiles(keyId).of(range);
    }

    public FileMeta withFile(PhysicalFile open) {
        return new FileMeta(
                id,
                fileBytes,
                range,
                virtual,
                minSequence,
                maxSequence,
                entries,
                pointDeletes,
                rangeDeletes,
                overrideSequence,
                creationMillis,
                keyId,
                open);
    }

    public FileMeta withOverrideSequence(long sequence) {
        return new FileMeta(
                id,
                fileBytes,
                range,
                virtual,
                minSequence,
                maxSequence,
                entries,
                pointDeletes,
                rangeDeletes,
                sequence,
                creationMillis,
                keyId,
                file);
    }

    @Override
    public String toString() {
        return "file " + id + " of " + fileBytes + " bytes" + (virtual ? ", of which it shows " : ", ") + rangeText()
                + ", sequence numbers " + oldestSequence() + " to " + newestSequence();
    }
}
