package io.forebay.store.sst;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;

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

    void add(InternalIterator entry) {
        add(entry.kind(), entry.keyLength(), entry.valueLength(), entry.sequence());
    }

    void add(byte kind, int keyLength, int valueLength, long sequence) {
        entries++;
        pointDeletes += kind == ValueKind.DELETE ? 1 : 0;
        mergeOperands += kind == ValueKind.MERGE ? 1 : 0;
        rawKeyBytes += keyLength;
        rawValueBytes += valueLength;
        minSequence = Math.min(minSequence, sequence);
        maxSequence = Math.max(maxSequence, sequence);
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
