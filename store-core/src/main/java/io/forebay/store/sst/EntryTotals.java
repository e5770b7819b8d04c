package io.forebay.store.sst;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.values.ValueShare;
import java.util.List;
import java.util.Objects;

/**
 * Counts the entries and range deletes of a file: for its properties when it is written, and to compare them when it is verified.
 * Used by one thread.
 */
final class EntryTotals {
    private long entries;
    private long pointDeletes;
    private long mergeOperands;
    private long rangeDeletes;
    private long rawKeyBytes;
    private long rawValueBytes;
    private long minSequence = Long.MAX_VALUE;
    private long maxSequence;
    private final SupersededTotals superseded = new SupersededTotals();

    /** Adds the range deletes of the file; once. */
    EntryTotals addTombstones(FragmentArray tombstones) {
        for (Fragment fragment : tombstones.fragments()) {
            long[] sequences = fragment.sequences();
            rangeDeletes += sequences.length;
            maxSequence = Math.max(maxSequence, sequences[0]);
            minSequence = Math.min(minSequence, sequences[sequences.length - 1]);
        }
        return this;
    }

    /** @param sameKey whether the entry before has the same key */
    void add(boolean sameKey, InternalIterator entry) {
        add(sameKey, entry.kind(), entry.keyLength(), entry.valueLength(), entry.sequence());
    }

    /** @param sameKey whether the entry before has the same key */
    void add(boolean sameKey, byte kind, int keyLength, int valueLength, long sequence) {
        superseded.add(sameKey, kind, keyLength, valueLength);
        entries++;
        pointDeletes += kind == ValueKind.DELETE ? 1 : 0;
        mergeOperands += kind == ValueKind.MERGE ? 1 : 0;
        rawKeyBytes += keyLength;
        rawValueBytes += valueLength;
        minSequence = Math.min(minSequence, sequence);
        maxSequence = Math.max(maxSequence, sequence);
    }

    /** The value of the last entry is in the value file at that place. */
    void reference(int file, int length) {
        superseded.reference(file, length);
    }

    /** A range delete of the same file hides the last entry. */
    void covered() {
        superseded.covered();
    }

    /** @param files in the order of their places. @return null when nothing is superseded */
    Superseded superseded(List<ValueShare> files) {
        return superseded.total(rawKeyBytes + rawValueBytes, files);
    }

    long entries() {
        return entries;
    }

    long pointDeletes() {
        return pointDeletes;
    }

    long mergeOperands() {
        return mergeOperands;
    }

    long rangeDeletes() {
        return rangeDeletes;
    }

    long rawKeyBytes() {
        return rawKeyBytes;
    }

    long rawValueBytes() {
        return rawValueBytes;
    }

    long minSequence() {
        return minSequence;
    }

    long maxSequence() {
        return maxSequence;
    }

    void compare(SstProperties properties, Findings findings) {
        compare("entries", properties.entries(), entries, findings);
        compare("point deletes", properties.pointDeletes(), pointDeletes, findings);
        compare("merge operands", properties.mergeOperands(), mergeOperands, findings);
        compare("range deletes", properties.rangeDeletes(), rangeDeletes, findings);
        compare("bytes of keys", properties.rawKeyBytes(), rawKeyBytes, findings);
        compare("bytes of values", properties.rawValueBytes(), rawValueBytes, findings);
        compare("as smallest sequence number", properties.minSequence(), minSequence, findings);
        compare("as largest sequence number", properties.maxSequence(), maxSequence, findings);
        Superseded counted = superseded(properties.valueFiles());
        if (!Objects.equals(properties.superseded(), counted)) {
            findings.add(
                    -1,
                    "as superseded " + properties.superseded() + ", as the properties say",
                    String.valueOf(counted));
        }
        Expiry expiry = properties.expiry();
        if (expiry != null && expiry.expiredBytes(Long.MAX_VALUE) > rawKeyBytes + rawValueBytes) {
            findings.add(
                    -1,
                    "at most " + (rawKeyBytes + rawValueBytes) + " bytes that expire",
                    Long.toString(expiry.expiredBytes(Long.MAX_VALUE)));
        }
    }

    private static void compare(String what, long said, long counted, Findings findings) {
        if (said != counted) {
            findings.add(-1, said + " " + what + ", as the properties say", Long.toString(counted));
        }
    }
}
