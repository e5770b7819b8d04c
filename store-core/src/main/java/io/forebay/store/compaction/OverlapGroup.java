package io.forebay.store.compaction;

import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Files of all runs whose ranges hang together: no other file overlaps any of them. What one group holds can be merged
 * into the bottom without looking at, or getting in the way of, anything else.
 */
final class OverlapGroup {
    private record Member(long rank, FileMeta file) {}

    private final List<Member> members = new ArrayList<>();
    private long tierBytes;
    private long bottomBytes;

    private OverlapGroup() {}

    /** The groups of all files in {@code runs}, in key order. */
    static List<OverlapGroup> of(List<SortedRun> runs) {
        List<Member> all = new ArrayList<>();
        for (SortedRun run : runs) {
            for (FileMeta file : run.files()) {
                all.add(new Member(run.rank(), file));
            }
        }
        all.sort((a, b) -> CompactionPicker.compareFrom(a.file, b.file));
        List<OverlapGroup> groups = new ArrayList<>();
        OverlapGroup group = null;
        byte[] end = null;
        for (Member member : all) {
            byte[] from = member.file.range().from();
            byte[] to = member.file.range().to();
            if (group == null || (end != null && Arrays.compareUnsigned(from, end) >= 0)) {
                group = new OverlapGroup();
                groups.add(group);
                end = to;
            } else if (end != null && (to == null || Arrays.compareUnsigned(to, end) > 0)) {
                end = to;
            }
            group.add(member);
        }
        return groups;
    }

    private void add(Member member) {
        members.add(member);
        if (member.rank == SortedRun.BOTTOM) {
            bottomBytes += member.file.fileBytes();
        } else {
            tierBytes += member.file.fileBytes();
        }
    }

    boolean hasTiers() {
        return tierBytes > 0;
    }

    long tierBytes() {
        return tierBytes;
    }

    boolean isBottomDue(double share) {
        return tierBytes >= bottomBytes * share;
    }

    boolean isBusy(Set<FileId> busy) {
        for (Member member : members) {
            if (busy.contains(member.file.id())) {
                return true;
            }
        }
        return false;
    }

    /** The one file when there is just one, else null. */
    Compaction.Input onlyFile() {
        return members.size() == 1 ? new Compaction.Input(members.get(0).rank, List.of(members.get(0).file)) : null;
    }

    /** By run, newest first. */
    List<Compaction.Input> inputs() {
        List<Compaction.Input> inputs = new ArrayList<>();
        List<Long> ranks = members.stream()
                .map(Member::rank)
                .distinct()
                .sorted(Comparator.reverseOrder())
                .toList();
        for (long rank : ranks) {
            List<FileMeta> files = new ArrayList<>();
            for (Member member : members) {
                if (member.rank == rank) {
                    files.add(member.file);
                }
            }
            inputs.add(new Compaction.Input(rank, List.copyOf(files)));
        }
        return inputs;
    }
}
