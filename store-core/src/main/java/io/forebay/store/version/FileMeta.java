package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import io.forebay.store.values.ValueShare;
import java.util.ArrayList;
import java.util.List;

/**
 * One SST in a version, or the part of it that the version shows. Immutable.
 *
 * <pre>{@code
 *   the SST          a . . . . . . . . . . z      info: counts and sequence numbers of all of it
 *   range                  [f . . . q)            what this version shows; virtual = true
 *   another range                    [q . z]      of the same SST, in the same store or in another one
 * }</pre>
 *
 * @param id id of the SST
 * @param info what is in the SST
 * @param range the keys that are visible; what the SST has outside of the range does not exist
 * @param virtual true when {@code range} hides a part of the SST
 * @param overrideSequence -1, or the sequence number that all entries count as (ingested files)
 * @param file the physical file; null in an edit that was only decoded, never null in a version
 */
public record FileMeta(
        FileId id, SstInfo info, KeyRange range, boolean virtual, long overrideSequence, PhysicalFile file) {

    public long fileBytes() {
        return info.fileBytes();
    }

    /** What the values that the SST refers to take in value files; of all of the SST, also when {@link #virtual} hides a part. */
    public long valueBytes() {
        return ValueShare.bytes(info.valueFiles());
    }

    public long entries() {
        return info.entries();
    }

    public long pointDeletes() {
        return info.pointDeletes();
    }

    public long rangeDeletes() {
        return info.rangeDeletes();
    }

    /** Id of the master key, or null when the file is not encrypted. */
    public String keyId() {
        return info.keyId();
    }

    /** Names of the files that it consists of: the SST, and those with its values. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        names.add(id.name());
        for (ValueShare share : info.valueFiles()) {
            names.add(FileId.of(share).valueFileName());
        }
        return names;
    }

    /** The largest sequence number, as readers see it. */
    public long newestSequence() {
        return overrideSequence >= 0 ? overrideSequence : info.maxSequence();
    }

    /** The smallest sequence number, as readers see it. */
    public long oldestSequence() {
        return overrideSequence >= 0 ? overrideSequence : info.minSequence();
    }

    /** The same file, showing only keys that are also in {@code clip}; null when there are none. */
    public FileMeta clip(KeyRange clip) {
        KeyRange visible = range.intersect(clip);
        if (visible.isEmpty()) {
            return null;
        }
        return new FileMeta(id, info, visible, virtual || !visible.equals(range), overrideSequence, file);
    }

    /** The visible range for messages, which show no key of an encrypted file. */
    String rangeText() {
        return KeyText.forFiles(keyId()).of(range);
    }

    public FileMeta withFile(PhysicalFile open) {
        return new FileMeta(id, info, range, virtual, overrideSequence, open);
    }

    public FileMeta withOverrideSequence(long sequence) {
        return new FileMeta(id, info, range, virtual, sequence, file);
    }

    @Override
    public String toString() {
        return "file " + id + " of " + fileBytes() + " bytes" + (virtual ? ", of which it shows " : ", ") + rangeText()
                + ", sequence numbers " + oldestSequence() + " to " + newestSequence();
    }
}
