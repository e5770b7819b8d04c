package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.FragmentCursor;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.rangedel.TombstoneSet;
import io.forebay.store.util.Slab;
import java.io.IOException;
import java.util.List;

/**
 * The range deletes of the files of one run, each cut to what the file shows. The reader of the one file whose range
 * has the key answers a question; at the bounds of that file the ranges of the files alone answer it. Nothing is kept
 * here, so range deletes that are not asked for are not in memory, however many a run has. Thread-safe.
 */
class RunTombstones implements TombstoneSet {
    private static final long[] NONE = {};

    /** The files with range deletes, in key order. */
    private final FileMeta[] files;

    RunTombstones(FileMeta[] files) {
        this.files = files;
    }

    /** Reads the files through the table cache. */
    static TombstoneSet of(List<FileMeta> files) {
        FileMeta[] some = withRangeDeletes(files);
        return some.length == 0 ? RangeTombstones.NONE : new RunTombstones(some);
    }

    /**
     * For one thread that goes through the files mostly in key order: the range deletes of one file at a time are kept.
     *
     * @param fillCache false to read the files past the table cache
     */
    static TombstoneSet scan(List<FileMeta> files, boolean fillCache) {
        FileMeta[] some = withRangeDeletes(files);
        return some.length == 0 ? RangeTombstones.NONE : new Scan(some, fillCache);
    }

    private static FileMeta[] withRangeDeletes(List<FileMeta> files) {
        return files.stream().filter(file -> file.rangeDeletes() > 0).toArray(FileMeta[]::new);
    }

    /** All range deletes of the SST at {@code index}. */
    RangeTombstones read(int index) throws IOException {
        return files[index].file().reader().tombstones();
    }

    FileMeta file(int index) {
        return files[index];
    }

    @Override
    public boolean isEmpty() {
        return false;
    }

    @Override
    public Fragment covering(byte[] key, int offset, int length) throws IOException {
        int index = floor(key, offset, length, true);
        return index >= 0 && endsAfter(index, key, offset, length)
                ? shown(index, read(index).covering(key, offset, length))
                : null;
    }

    @Override
    public Fragment endingAfter(byte[] key, int offset, int length) throws IOException {
        int index = floor(key, offset, length, true);
        if (index >= 0 && endsAfter(index, key, offset, length)) {
            Fragment found = shown(index, read(index).endingAfter(key, offset, length));
            if (found != null) {
                return found;
            }
        }
        return index + 1 < files.length ? emptyAt(files[index + 1].range().from()) : null;
    }

    @Override
    public Fragment startingBefore(byte[] key, int offset, int length) throws IOException {
        int index = floor(key, offset, length, false);
        if (index < 0) {
            return null;
        }
        byte[] to = files[index].range().to();
        if (to != null && Slab.compare(to, 0, to.length, key, offset, length) < 0) {
            return emptyAt(to);
        }
        Fragment found = shown(index, read(index).startingBefore(key, offset, length));
        if (found != null) {
            return found;
        }
        return index > 0 ? emptyAt(files[index - 1].range().to()) : null;
    }

    /** A fragment without range deletes: there are none between the key of the question and this key. */
    private static Fragment emptyAt(byte[] key) {
        return new Fragment(key, key, NONE);
    }

    /** The part of a fragment that the file shows; null when it shows nothing of it. */
    private Fragment shown(int index, Fragment fragment) {
        FileMeta file = files[index];
        if (fragment == null || !file.virtual() && file.overrideSequence() < 0) {
            return fragment;
        }
        KeyRange whole = KeyRange.of(fragment.start(), fragment.end());
        KeyRange part = whole.intersect(file.range());
        if (part.isEmpty()) {
            return null;
        }
        long[] sequences = file.overrideSequence() < 0 ? fragment.sequences() : new long[] {file.overrideSequence()};
        return new Fragment(part.from(), part.to(), sequences);
    }

    private boolean endsAfter(int index, byte[] key, int offset, int length) {
        byte[] to = files[index].range().to();
        return to == null || Slab.compare(to, 0, to.length, key, offset, length) > 0;
    }

    /** The last file that starts before the key, or at it if {@code orAt}; -1 for none. */
    private int floor(byte[] key, int offset, int length, boolean orAt) {
        int low = 0;
        int high = files.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            byte[] from = files[middle].range().from();
            int order = Slab.compare(from, 0, from.length, key, offset, length);
            if (order < 0 || order == 0 && orAt) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    @Override
    public long newestSequence() {
        long newest = -1;
        for (FileMeta file : files) {
            newest = Math.max(newest, file.newestSequence());
        }
        return newest;
    }

    /** All range deletes of one file, as the file shows them. */
    FragmentArray visible(int index) throws IOException {
        FileMeta file = files[index];
        return file.file().scanReader().tombstones(file.range(), file.overrideSequence());
    }

    @Override
    public FragmentCursor cursor() {
        return new Walk();
    }

    private final class Walk implements FragmentCursor {
        private FragmentArray present = FragmentArray.EMPTY;
        private int at;
        private int next;

        @Override
        public Fragment next() throws IOException {
            while (at == present.size()) {
                at = 0;
                present = FragmentArray.EMPTY;
                if (next == files.length) {
                    return null;
                }
                present = visible(next++);
            }
            return present.get(at++);
        }
    }

    /** Keeps the range deletes of the file that was asked last. Used by one thread. */
    private static final class Scan extends RunTombstones {
        private RangeTombstones present;
        private int index = -1;
        private final boolean fillCache;

        Scan(FileMeta[] files, boolean fillCache) {
            super(files);
            this.fillCache = fillCache;
        }

        @Override
        RangeTombstones read(int asked) throws IOException {
            if (asked != index) {
                present = null;
                index = -1;
                PhysicalFile file = file(asked).file();
                present = (fillCache ? file.reader() : file.scanReader()).tombstones();
                index = asked;
            }
            return present;
        }
    }
}
