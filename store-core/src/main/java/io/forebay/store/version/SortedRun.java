package io.forebay.store.version;

import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Slab;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Files with disjoint ranges, in key order: one step of the search for a key. Immutable.
 *
 * <p>The rank orders runs by age: for every key, the entries in a run of higher rank are newer than those in a run of
 * lower rank. The run of rank 0 is the bottom run.
 */
public final class SortedRun {
    /** Rank of the bottom run, below which there is nothing. */
    public static final long BOTTOM = 0;

    private final long rank;
    private final List<FileMeta> files;
    private final FileMeta[] ordered;
    private final long[] heads;

    // Volatile: written by the first readers; all their values are equal
    private volatile TombstoneSet tombstones;

    /** @throws IllegalArgumentException when ranges overlap */
    public SortedRun(long rank, List<FileMeta> files) {
        this.rank = rank;
        ordered = files.toArray(new FileMeta[0]);
        Arrays.sort(ordered, Comparator.comparing(file -> file.range().from(), Arrays::compareUnsigned));
        heads = new long[ordered.length];
        for (int i = 0; i < ordered.length; i++) {
            byte[] from = ordered[i].range().from();
            heads[i] = Slab.head(from, 0, from.length);
            if (i > 0 && ordered[i - 1].range().overlaps(ordered[i].range())) {
                throw new IllegalArgumentException("Files of run " + rank + " overlap: " + ordered[i - 1].id() + " "
                        + ordered[i - 1].rangeText() + " and " + ordered[i].id() + " " + ordered[i].rangeText());
            }
        }
        this.files = List.of(ordered);
    }

    public long rank() {
        return rank;
    }

    public boolean isBottom() {
        return rank == BOTTOM;
    }

    /** The files in key order. */
    public List<FileMeta> files() {
        return files;
    }

    public int size() {
        return ordered.length;
    }

    public FileMeta file(int index) {
        return ordered[index];
    }

    /** Index of the last file whose range starts at or before the key, or -1. */
    public int floor(byte[] key, int offset, int length) {
        return floor(key, offset, length, Slab.head(key, offset, length));
    }

    /** The file whose range contains the key, or null. Allocates nothing. */
    public FileMeta find(byte[] key, int offset, int length, long head) {
        int index = floor(key, offset, length, head);
        if (index < 0) {
            return null;
        }
        FileMeta file = ordered[index];
        byte[] to = file.range().to();
        return to == null || Slab.compare(key, offset, length, to, 0, to.length) < 0 ? file : null;
    }

    /** Bytes of the SSTs; a virtual file counts with its whole SST. */
    public long bytes() {
        long sum = 0;
        for (FileMeta file : ordered) {
            sum += file.fileBytes();
        }
        return sum;
    }

    /** The visible range deletes of all files, which are read when they are asked for. */
    TombstoneSet tombstones() {
        TombstoneSet known = tombstones;
        if (known == null) {
            known = RunTombstones.of(files);
            tombstones = known;
        }
        return known;
    }

    private int floor(byte[] key, int offset, int length, long head) {
        int low = 0;
        int high = ordered.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Long.compareUnsigned(heads[middle], head);
            if (order == 0) {
                byte[] from = ordered[middle].range().from();
                order = Slab.compare(from, 0, from.length, key, offset, length);
            }
            if (order <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    @Override
    public String toString() {
        return "run " + rank + " of " + ordered.length + " files";
    }
}
