package io.forebay.store.compaction;

import io.forebay.store.version.FileMeta;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * About how many bytes of the bottom run range deletes of tiers hide from every reader. Files that are hidden as a whole are not there any more
 * ({@link HiddenFiles}); the SST of a file that is hidden in part keeps all of its bytes and names all its value files until a merge. What it is
 * made from: {@link HiddenMemo}. Immutable.
 */
final class HiddenParts {
    static final HiddenParts NONE = new HiddenParts(Map.of(), 0, 0);

    /** By identity: a tier may show two parts of one SST. */
    private final Map<FileMeta, Double> byTierFile;

    private final double all;
    private final double ofSsts;

    private HiddenParts(Map<FileMeta, Double> byTierFile, double all, double ofSsts) {
        this.byTierFile = byTierFile;
        this.all = all;
        this.ofSsts = ofSsts;
    }

    /** Adds up. Used by one thread, once. */
    static final class Sum {
        private final Map<FileMeta, Double> byTierFile = new IdentityHashMap<>();
        private final Map<FileMeta, Double> ofBottomFile = new IdentityHashMap<>();

        /** A file of a tier hides a part, 0 to 1, of a file of the bottom run. */
        void add(FileMeta tier, FileMeta bottom, double share) {
            if (share > 0) {
                byTierFile.merge(tier, share * bytes(bottom), Double::sum);
                ofBottomFile.merge(bottom, share, Double::sum);
            }
        }

        HiddenParts finish() {
            if (byTierFile.isEmpty()) {
                return NONE;
            }
            double all = 0;
            double ofSsts = 0;
            for (Map.Entry<FileMeta, Double> hidden : ofBottomFile.entrySet()) {
                // several tiers may hide the same
                double share = Math.min(1, hidden.getValue());
                all += share * bytes(hidden.getKey());
                ofSsts += share * hidden.getKey().fileBytes();
            }
            return new HiddenParts(byTierFile, all, ofSsts);
        }
    }

    private static double bytes(FileMeta file) {
        return (double) file.fileBytes() + file.valueBytes();
    }

    /** What the range deletes of one file of a tier hide, with values in value files. */
    double of(FileMeta file) {
        return byTierFile.getOrDefault(file, 0.0);
    }

    /** What is hidden in all, with values in value files. */
    double all() {
        return all;
    }

    /** What is hidden of SSTs. */
    double ofSsts() {
        return ofSsts;
    }

    /** What is hidden of values in value files. */
    double ofValues() {
        return all - ofSsts;
    }
}
