package io.forebay.store.sst;

import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;

/**
 * Counts the entries and range deletes of a file, to compare the counts with the properties of the file. Used by one thread.
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

    EntryTotals(FragmentArray tombstones) {
        for (Fragment fragment : tombstones.fragments()) {
            long[] sequences = fragment.sequences();
            rangeDeletes += sequences.length;
            maxSequence = Math.max(maxSequence, sequences[0]);
            minSequence = Math.min(minSequence, sequences[sequences.length - 1]);
        }
    }

    void add(InternalIterator entry) {
        entries++;
        pointDeletes += entry.kind() == ValueKind.DELETE ? 1 : 0;
        mergeOperands += entry.kind() == ValueKind.MERGE ? 1 : 0;
        rawKeyBytes += entry.keyLength();
        rawValueBytes += entry.valueLength();
        minSequence = Math.min(minSequence, entry.sequence());
        maxSequence = Math.max(maxSequence, entry.sequence());
    }

    long entries() {
        return entries;
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
