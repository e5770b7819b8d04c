package io.forebay.store.version;

import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.sst.SstReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The range deletes of the files of one run, each cut to what the file shows. */
final class RunTombstones {
    private RunTombstones() {}

    static RangeTombstones of(List<FileMeta> files) throws IOException {
        RangeTombstones only = RangeTombstones.NONE;
        List<Fragment> all = null;
        for (FileMeta file : files) {
            if (file.rangeDeletes() == 0) {
                continue;
            }
            RangeTombstones visible = visible(file);
            if (visible.isEmpty()) {
                continue;
            }
            if (only.isEmpty()) {
                only = visible;
                continue;
            }
            if (all == null) {
                all = new ArrayList<>();
                only.fragments().forEach(all::add);
            }
            visible.fragments().forEach(all::add);
        }
        return all == null ? only : FragmentArray.of(all);
    }

    private static RangeTombstones visible(FileMeta file) throws IOException {
        SstReader reader = file.file().reader();
        return file.virtual() || file.overrideSequence() >= 0
                ? reader.tombstones(file.range(), file.overrideSequence())
                : reader.tombstones();
    }
}
