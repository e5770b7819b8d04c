package io.forebay.store.flush;

import io.forebay.store.KeyRange;
import io.forebay.store.iter.OlderData;
import io.forebay.store.util.Slab;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.List;

/**
 * The files of the runs below a flush or compaction. Decides by their ranges alone, without reading them. Used by one thread.
 */
public final class OlderFiles implements OlderData {
    private final List<SortedRun> runs;
    /** The last answer is valid for keys before this one; null: to the end. */
    private byte[] bound = new byte[0];

    private boolean answer;

    public OlderFiles(List<SortedRun> runs) {
        this.runs = List.copyOf(runs);
    }

    @Override
    public boolean mayContain(byte[] key, int length) {
        if (bound != null && Slab.compare(key, 0, length, bound, 0, bound.length) >= 0) {
            find(key, length);
        }
        return answer;
    }

    private void find(byte[] key, int length) {
        bound = null;
        answer = false;
        for (SortedRun run : runs) {
            int floor = run.floor(key, 0, length);
            if (floor >= 0) {
                byte[] to = run.file(floor).range().to();
                if (to == null || Slab.compare(key, 0, length, to, 0, to.length) < 0) {
                    answer = true;
                    lower(to);
                    continue;
                }
            }
            if (floor + 1 < run.size()) {
                lower(run.file(floor + 1).range().from());
            }
        }
    }

    private void lower(byte[] key) {
        if (key != null && (bound == null || Slab.compare(key, 0, key.length, bound, 0, bound.length) < 0)) {
            bound = key;
        }
    }

    @Override
    public boolean mayOverlap(byte[] from, byte[] to) {
        KeyRange range = KeyRange.of(from, to);
        for (SortedRun run : runs) {
            int floor = Math.max(0, run.floor(from, 0, from.length));
            for (int i = floor; i < Math.min(run.size(), floor + 2); i++) {
                FileMeta file = run.file(i);
                if (file.range().overlaps(range)) {
                    return true;
                }
            }
        }
        return false;
    }
}
