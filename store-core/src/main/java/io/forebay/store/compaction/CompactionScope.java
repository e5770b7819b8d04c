package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of a tier and all that lies below it: the files that must be merged together when that file goes to the bottom run.
 * From run to run downward, the files are added that overlap the scope so far, which makes the scope wider. Every key of the
 * scope lies in one of its files. So two scopes that overlap share a file, and the busy files are the only lock between jobs;
 * except for jobs that join neighbours of the bottom run over the gaps between them ({@link BottomUpkeep}). Immutable.
 */
final class CompactionScope {
    private final List<Compaction.Input> inputs;
    private final KeyRange hull;
    private final double weight;
    private final long bottomBytes;

    private CompactionScope(List<Compaction.Input> inputs, KeyRange hull, double weight, long bottomBytes) {
        this.inputs = inputs;
        this.hull = hull;
        this.weight = weight;
        this.bottomBytes = bottomBytes;
    }

    /** The scope of a free file in the run at {@code index}; null when a part of it is not free. */
    static CompactionScope below(PickInput in, Weights weights, int index, FileMeta seed) {
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
            if (files.isEmpty()) {
                if (run.isBottom() && isBetweenBusyFiles(in, run, hull)) {
                    return null;
                }
            } else {
                inputs.add(new Compaction.Input(run.rank(), files));
                hull = Compaction.hull(hull, files.get(0).range());
                hull = Compaction.hull(hull, files.get(files.size() - 1).range());
            }
        }
        return new CompactionScope(inputs, hull, weight, bottomBytes);
    }

    /** True when a job that joins neighbours of the bottom run may be writing a file over the gap in which the range lies. */
    private static boolean isBetweenBusyFiles(PickInput in, SortedRun bottom, KeyRange range) {
        byte[] from = range.from();
        int before = bottom.floor(from, 0, from.length);
        return before >= 0
                && before + 1 < bottom.size()
                && in.busy().contains(bottom.file(before).id())
                && in.busy().contains(bottom.file(before + 1).id());
    }

    /**
     * The seed, and the small files beside it that need no further files from below. A run with many range deletes has many
     * small files, and each by itself would rewrite the same files of the bottom run.
     */
    private List<FileMeta> seedAndSmallOnes(PickInput in) {
        FileMeta seed = inputs.get(0).files().get(0);
        List<FileMeta> beside = new ArrayList<>();
        for (SortedRun run : in.runs()) {
            if (run.rank() == inputs.get(0).rank()) {
                for (FileMeta file : Version.overlapping(run, hull)) {
                    boolean small = file.fileBytes() < CompactionPicker.smallBytes(in);
                    if (file == seed || small && in.isFree(file) && holdsAllBelow(in, file)) {
                        beside.add(file);
                    }
                }
            }
        }
        return beside;
    }

    /** True when there is something below the file, and all of it is among the inputs. */
    private boolean holdsAllBelow(PickInput in, FileMeta file) {
        boolean any = false;
        for (SortedRun run : in.runs()) {
            if (run.rank() < inputs.get(0).rank()) {
                List<FileMeta> below = Version.overlapping(run, file.range());
                if (!below.isEmpty() && !holds(run, below)) {
                    return false;
                }
                any |= !below.isEmpty();
            }
        }
        return any;
    }

    /** True when the inputs have all of these neighbours; the inputs of each run are neighbours as well. */
    private boolean holds(SortedRun run, List<FileMeta> neighbours) {
        for (Compaction.Input input : inputs) {
            if (input.rank() == run.rank()) {
                return input.files().contains(neighbours.get(0))
                        && input.files().contains(neighbours.get(neighbours.size() - 1));
            }
        }
        return false;
    }

    /** True when nothing lies below the file. */
    boolean isSingle() {
        return inputs.size() == 1;
    }

    /** Compares the weight that leaves the tiers for each byte written; on a tie the smaller job is better. */
    boolean isBetterThan(CompactionScope other) {
        double mine = weight / (weight + bottomBytes);
        double theirs = other.weight / (other.weight + other.bottomBytes);
        return mine != theirs ? mine > theirs : weight < other.weight;
    }

    Compaction merge(PickInput in) {
        List<Compaction.Input> all = new ArrayList<>(inputs);
        if (!isSingle()) {
            all.set(0, new Compaction.Input(inputs.get(0).rank(), seedAndSmallOnes(in)));
        }
        return new Compaction(Compaction.Kind.MERGE, all, SortedRun.BOTTOM);
    }

    Compaction move() {
        return new Compaction(Compaction.Kind.MOVE, inputs, SortedRun.BOTTOM);
    }
}
