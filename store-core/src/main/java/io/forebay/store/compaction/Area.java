package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of a tier and all that lies below it: what must be merged together when that file is to go to the bottom. Going
 * down, each run adds the files that overlap what was taken so far, which makes the area wider. Every key of the area lies
 * in one of its files, so two areas that overlap share a file, and jobs need no other lock than their busy files.
 */
final class Area {
    private final List<Compaction.Input> inputs;
    private final double weight;
    private final long bottomBytes;

    private Area(List<Compaction.Input> inputs, double weight, long bottomBytes) {
        this.inputs = inputs;
        this.weight = weight;
        this.bottomBytes = bottomBytes;
    }

    /** The area of a free file in the run at {@code index}; null when a part of it is not free. */
    static Area below(PickInput in, Weights weights, int index, FileMeta seed) {
        List<Compaction.Input> inputs = new ArrayList<>();
        inputs.add(new Compaction.Input(in.runs().get(index).rank(), List.of(seed)));
        double weight = weights.of(seed);
        long bottomBytes = 0;
        KeyRange hull = seed.range();
        for (SortedRun run : in.runs().subList(index + 1, in.runs().size())) {
            List<FileMeta> files = Version.overlapping(run, hull);
            for (FileMeta file : files) {
                if (!in.isFree(file)) {
                    return null;
                }
                if (run.isBottom()) {
                    bottomBytes += file.fileBytes();
                } else {
                    weight += weights.of(file);
                }
            }
            if (!files.isEmpty()) {
                inputs.add(new Compaction.Input(run.rank(), files));
                hull = Compaction.hull(hull, files.get(0).range());
                hull = Compaction.hull(hull, files.get(files.size() - 1).range());
            }
        }
        return new Area(inputs, weight, bottomBytes);
    }

    /** True when nothing lies below the file. */
    boolean isSingle() {
        return inputs.size() == 1;
    }

    /** What leaves the tiers for each byte written; the smaller job on a tie. */
    boolean isBetterThan(Area other) {
        double mine = weight / (weight + bottomBytes);
        double theirs = other.weight / (other.weight + other.bottomBytes);
        return mine != theirs ? mine > theirs : weight < other.weight;
    }

    Compaction merge() {
        return new Compaction(Compaction.Kind.MERGE, inputs, SortedRun.BOTTOM);
    }

    Compaction move() {
        return new Compaction(Compaction.Kind.MOVE, inputs, SortedRun.BOTTOM);
    }
}
