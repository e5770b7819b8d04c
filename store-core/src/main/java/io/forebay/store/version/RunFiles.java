package io.forebay.store.version;

import io.forebay.store.KeyRange;
import io.forebay.store.sst.SstReader;
import io.forebay.store.sst.SstSequence;
import java.io.IOException;

/** Some neighbouring files of a run, for a cursor. Immutable. */
final class RunFiles implements SstSequence {
    private final SortedRun run;
    private final int begin;
    private final int end;

    /** The files {@code [begin, end)} of the run; at least one. */
    RunFiles(SortedRun run, int begin, int end) {
        this.run = run;
        this.begin = begin;
        this.end = end;
    }

    @Override
    public int count() {
        return end - begin;
    }

    @Override
    public int floor(byte[] key, int offset, int length) {
        int floor = run.floor(key, offset, length);
        return Math.max(-1, Math.min(floor, end - 1) - begin);
    }

    @Override
    public SstReader reader(int index, boolean fillCache) throws IOException {
        PhysicalFile file = run.file(begin + index).file();
        return fillCache ? file.reader() : file.scanReader();
    }

    @Override
    public KeyRange visible(int index) {
        return run.file(begin + index).range();
    }

    @Override
    public long overrideSequence(int index) {
        return run.file(begin + index).overrideSequence();
    }
}
