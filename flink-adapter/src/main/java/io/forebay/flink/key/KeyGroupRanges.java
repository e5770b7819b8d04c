package io.forebay.flink.key;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.KeyGroupRange;

/**
 * Sets of key groups as lists of ranges. The lists that this class returns are ascending, and adjacent ranges are joined,
 * so two equal sets have equal lists. Static.
 */
@Internal
public final class KeyGroupRanges {
    private KeyGroupRanges() {}

    /** The key groups that at least one of the ranges holds. */
    public static List<KeyGroupRange> union(List<KeyGroupRange> ranges) {
        return of(set(ranges));
    }

    /** The key groups that a range of {@code a} and a range of {@code b} hold. */
    public static List<KeyGroupRange> intersection(List<KeyGroupRange> a, List<KeyGroupRange> b) {
        BitSet both = set(a);
        both.and(set(b));
        return of(both);
    }

    /** The ranges of the key groups whose bits are set. */
    public static List<KeyGroupRange> of(BitSet keyGroups) {
        List<KeyGroupRange> ranges = new ArrayList<>();
        for (int start = keyGroups.nextSetBit(0); start >= 0; ) {
            int end = keyGroups.nextClearBit(start);
            ranges.add(new KeyGroupRange(start, end - 1));
            start = keyGroups.nextSetBit(end);
        }
        return List.copyOf(ranges);
    }

    private static BitSet set(List<KeyGroupRange> ranges) {
        BitSet keyGroups = new BitSet();
        for (KeyGroupRange range : ranges) {
            if (range.getNumberOfKeyGroups() > 0) {
                keyGroups.set(range.getStartKeyGroup(), range.getEndKeyGroup() + 1);
            }
        }
        return keyGroups;
    }
}
