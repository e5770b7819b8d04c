package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.ReadableFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyText;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.sst.Findings;
import io.forebay.store.sst.SstCursors;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Checks the ages of two files of different runs where they overlap: for every key, all entries in the file of the
 * higher run must be newer than all entries in the other file, range deletes included. Used by one thread.
 */
final class AgeCheck {
    private final FileMeta newer;
    private final FileMeta older;
    private final Findings findings;
    private final BooleanSupplier stopped;

    AgeCheck(FileMeta newer, FileMeta older, Findings findings, BooleanSupplier stopped) {
        this.newer = newer;
        this.older = older;
        this.findings = findings;
        this.stopped = stopped;
    }

    void run(ReadableFile newerFile, ReadableFile olderFile, Encryption encryption) throws IOException {
        KeyRange both = newer.range().intersect(older.range());
        SstCursors above = new SstCursors(newerFile, newer.id().name(), encryption, newer.keyId());
        SstCursors below = new SstCursors(olderFile, older.id().name(), encryption, older.keyId());
        FragmentArray deletesAbove = above.tombstones(both, newer.overrideSequence());
        FragmentArray deletesBelow = below.tombstones(both, older.overrideSequence());
        try (InternalIterator upper = above.iterator(both, newer.overrideSequence());
                InternalIterator lower = below.iterator(both, older.overrideSequence())) {
            upper.seekToFirst();
            lower.seekToFirst();
            while ((upper.isValid() || lower.isValid()) && !stopped.getAsBoolean()) {
                int order = !lower.isValid() ? -1 : !upper.isValid() ? 1 : upper.compareKey(lower);
                boolean aged = order > 0
                        ? isOlder(lower, deletesAbove)
                        : isNewer(upper, order == 0 ? lower.sequence() : -1, deletesBelow);
                if (!aged) {
                    return; // one finding for each pair of files is enough
                }
            }
        }
    }

    /** Checks all versions of the key at which the newer file is, and moves to the next key. */
    private boolean isNewer(InternalIterator upper, long newestBelow, FragmentArray deletesBelow) throws IOException {
        byte[] key = upper.copyKey();
        long below = Math.max(newestBelow, newest(deletesBelow, key));
        while (upper.isValid() && Arrays.equals(upper.key(), 0, upper.keyLength(), key, 0, key.length)) {
            if (upper.sequence() <= below) {
                report(key, upper.sequence(), below);
                return false;
            }
            upper.next();
        }
        return true;
    }

    /**
     * Checks the entry at which the older file is against the range deletes of the newer file, and moves to the next
     * entry.
     */
    private boolean isOlder(InternalIterator lower, FragmentArray deletesAbove) throws IOException {
        Fragment covering = deletesAbove.covering(lower.key(), 0, lower.keyLength());
        if (covering != null) {
            long oldest = covering.sequences()[covering.sequences().length - 1];
            if (oldest <= lower.sequence()) {
                report(lower.copyKey(), oldest, lower.sequence());
                return false;
            }
        }
        lower.next();
        return true;
    }

    private static long newest(FragmentArray deletes, byte[] key) {
        Fragment covering = deletes.covering(key, 0, key.length);
        return covering == null ? -1 : covering.sequences()[0];
    }

    private void report(byte[] key, long above, long below) {
        findings.add(
                -1,
                "what is newer than sequence number " + below + " of key "
                        + KeyText.forFiles(newer.keyId(), older.keyId()).of(key) + " in " + older.id()
                        + ", of a run of lower rank",
                "sequence number " + above);
    }
}
