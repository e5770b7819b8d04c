package io.forebay.store.compaction;

import io.forebay.store.KeyRange;
import io.forebay.store.flush.SplitKeys;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.FragmentArray;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.util.Cancellation;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A store without bytes: runs of model files, flushes and compactions as the real ones make them, and what is visible. */
final class ModelStore {
    final long targetFileBytes;
    final NavigableSet<Long> snapshots = new TreeSet<>();
    final Set<FileId> busy = new HashSet<>();
    long durable;
    long lastSequence;
    long bytesFlushed;
    long bytesWritten;
    long largestJob;
    int moves;
    int drops;
    private final HiddenMemo hidden = new HiddenMemo(this::share);
    private long lastRank;
    private long filesMade;
    private final TreeMap<Long, List<ModelFile>> runs = new TreeMap<>(Comparator.reverseOrder());
    private final Map<FileId, ModelFile> files = new HashMap<>();

    ModelStore(long targetFileBytes) {
        this.targetFileBytes = targetFileBytes;
    }

    /** Writes a memtable of sorted items as a new run. */
    void flush(List<ModelFile.Item> items) {
        long rank = ++lastRank;
        List<ModelFile> made =
                write(items, FragmentArray.EMPTY, SplitKeys.of(bottom()), SplitKeys.leastBytes(targetFileBytes));
        bytesFlushed += bytes(made);
        bytesWritten += bytes(made);
        put(rank, made);
    }

    /** Puts files into the bottom without counting them: a store to begin with. */
    void load(List<ModelFile.Item> items) {
        put(SortedRun.BOTTOM, write(items, FragmentArray.EMPTY, List.of(), 0));
    }

    List<SortedRun> runs() {
        List<SortedRun> result = new ArrayList<>();
        runs.forEach((rank, made) -> result.add(
                new SortedRun(rank, made.stream().map(file -> file.meta).toList())));
        return result;
    }

    SortedRun bottom() {
        List<ModelFile> made = runs.get(SortedRun.BOTTOM);
        return made == null
                ? null
                : new SortedRun(
                        SortedRun.BOTTOM, made.stream().map(file -> file.meta).toList());
    }

    PickInput input() {
        long oldest = snapshots.isEmpty() ? lastSequence : Math.min(lastSequence, snapshots.first());
        return new PickInput(
                runs(), busy, durable, oldest, targetFileBytes, this::tombstones, hidden, new Cancellation());
    }

    private double share(FileMeta meta, List<KeyRange> ranges, Cancellation cancellation) {
        long puts = 0;
        long inside = 0;
        int range = 0;
        for (ModelFile.Item item : files.get(meta.id()).items) {
            if (!item.isRangeDelete()) {
                puts++;
                byte[] key = ModelFile.key(item.key());
                while (range < ranges.size()
                        && Arrays.compareUnsigned(ranges.get(range).to(), key) <= 0) {
                    range++;
                }
                inside += range < ranges.size() && ranges.get(range).contains(key) ? 1 : 0;
            }
        }
        return puts == 0 ? 0 : (double) inside / puts;
    }

    private RangeTombstones tombstones(List<FileMeta> metas) {
        Fragmenter fragmenter = new Fragmenter();
        metas.forEach(meta -> fragmenter.addAll(files.get(meta.id()).tombstones()));
        return fragmenter.finish();
    }

    Compaction pick() {
        try {
            return PickerCases.pickAll(input());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For a file that at least so many others are younger than; null when there is none. */
    Compaction pickOld(int files) {
        return new FileAges(filesMade, files).pick(runs(), busy);
    }

    Compaction pickFull() {
        try {
            return CompactionPicker.pickFull(input(), lastSequence);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Compacts until nothing is due. @return jobs done */
    int settle() {
        int jobs = 0;
        for (Compaction next = pick(); next != null; next = pick()) {
            apply(next, next.kind() == Compaction.Kind.MERGE ? merge(next, runs()) : null);
            if (++jobs > 10_000) {
                throw new AssertionError("The picker goes round in circles: " + next);
            }
        }
        return jobs;
    }

    /** What a merge that starts now will write. */
    List<ModelFile> merge(Compaction compaction, List<SortedRun> version) {
        List<ModelFile.Item> items = new ArrayList<>();
        Fragmenter fragmenter = new Fragmenter();
        for (FileMeta meta : compaction.files()) {
            for (ModelFile.Item item : files.get(meta.id()).items) {
                if (item.isRangeDelete()) {
                    fragmenter.add(ModelFile.key(item.key()), ModelFile.key(item.end()), item.sequence());
                } else {
                    items.add(item);
                }
            }
        }
        items.sort(Comparator.comparingLong(ModelFile.Item::key)
                .thenComparing(
                        Comparator.comparingLong(ModelFile.Item::sequence).reversed()));
        FragmentArray deletes = fragmenter.finish();
        List<ModelFile.Item> kept = new ArrayList<>();
        for (ModelFile.Item item : items) {
            ModelFile.Item newer = kept.isEmpty() ? null : kept.get(kept.size() - 1);
            boolean hidden =
                    newer != null && newer.key() == item.key() && stripe(newer.sequence()) == stripe(item.sequence());
            if (!hidden && !isDeletedInStripe(item, deletes)) {
                kept.add(item);
            }
        }
        long oldestInput =
                compaction.inputs().get(compaction.inputs().size() - 1).rank();
        FragmentArray needed = needed(deletes, kept, oldestInput, version);
        List<byte[]> cuts = compaction.isBottom() ? List.of() : SplitKeys.of(bottom());
        return write(kept, needed, cuts, SplitKeys.leastBytes(targetFileBytes));
    }

    private int stripe(long sequence) {
        return snapshots.headSet(sequence, false).size();
    }

    private boolean isDeletedInStripe(ModelFile.Item item, FragmentArray deletes) {
        byte[] key = ModelFile.key(item.key());
        Fragment fragment = deletes.covering(key, 0, key.length);
        if (fragment != null) {
            for (long sequence : fragment.sequences()) {
                if (sequence > item.sequence() && stripe(sequence) == stripe(item.sequence())) {
                    return true;
                }
            }
        }
        return false;
    }

    private FragmentArray needed(
            FragmentArray deletes, List<ModelFile.Item> kept, long oldestInput, List<SortedRun> version) {
        List<Fragment> needed = new ArrayList<>();
        for (Fragment fragment : deletes.fragments()) {
            KeyRange range = KeyRange.of(fragment.start(), fragment.end());
            boolean older = version.stream()
                    .filter(run -> run.rank() < oldestInput)
                    .flatMap(run -> run.files().stream())
                    .anyMatch(file -> file.range().overlaps(range));
            long oldestPrey = kept.stream()
                    .filter(item -> range.contains(ModelFile.key(item.key())))
                    .mapToLong(ModelFile.Item::sequence)
                    .min()
                    .orElse(Long.MAX_VALUE);
            Set<Integer> stripes = new HashSet<>();
            long[] sequences = Arrays.stream(fragment.sequences())
                    .filter(sequence -> older || sequence > oldestPrey)
                    .filter(sequence -> stripes.add(stripe(sequence)))
                    .toArray();
            if (sequences.length > 0) {
                needed.add(new Fragment(fragment.start(), fragment.end(), sequences));
            }
        }
        return FragmentArray.of(needed);
    }

    /** @param outputs of a merge; null for other kinds */
    void apply(Compaction compaction, List<ModelFile> outputs) {
        Set<FileId> gone = compaction.fileIds();
        List<ModelFile> moved = new ArrayList<>();
        for (List<ModelFile> made : runs.values()) {
            made.removeIf(file -> gone.contains(file.meta.id()) && moved.add(file));
        }
        runs.values().removeIf(List::isEmpty);
        switch (compaction.kind()) {
            case DROP -> drops += moved.size();
            case MOVE -> {
                moves += moved.size();
                put(compaction.outputRank(), moved);
            }
            default -> {
                bytesWritten += bytes(outputs);
                largestJob = Math.max(largestJob, bytes(outputs));
                put(compaction.outputRank(), outputs);
            }
        }
        runs(); // refuses files that overlap
    }

    private void put(long rank, List<ModelFile> made) {
        if (!made.isEmpty()) {
            runs.computeIfAbsent(rank, any -> new ArrayList<>()).addAll(made);
            made.forEach(file -> files.put(file.meta.id(), file));
        }
    }

    static long bytes(List<ModelFile> made) {
        return made.stream().mapToLong(file -> file.meta.fileBytes()).sum();
    }

    long bytes() {
        return runs().stream().mapToLong(SortedRun::bytes).sum();
    }

    /** Cuts items as an output does. */
    private List<ModelFile> write(
            List<ModelFile.Item> items, FragmentArray deletes, List<byte[]> cuts, long leastBytes) {
        List<ModelFile.Item> all = new ArrayList<>(items);
        for (Fragment fragment : deletes.fragments()) {
            for (long sequence : fragment.sequences()) {
                all.add(new ModelFile.Item(
                        ModelFile.number(fragment.start()), ModelFile.number(fragment.end()), sequence));
            }
        }
        all.sort(Comparator.comparingLong(ModelFile.Item::key)
                .thenComparing(
                        Comparator.comparing(ModelFile.Item::isRangeDelete).reversed())
                .thenComparing(
                        Comparator.comparingLong(ModelFile.Item::sequence).reversed()));
        List<ModelFile> made = new ArrayList<>();
        List<ModelFile.Item> file = new ArrayList<>();
        List<ModelFile.Item> open = new ArrayList<>();
        long bytes = 0;
        int nextCut = 0;
        for (int i = 0; i < all.size(); i++) {
            ModelFile.Item item = all.get(i);
            boolean cut = bytes >= targetFileBytes;
            while (nextCut < cuts.size() && Arrays.compareUnsigned(cuts.get(nextCut), ModelFile.key(item.key())) <= 0) {
                cut |= bytes >= leastBytes;
                nextCut++;
            }
            boolean sameKey = i > 0 && all.get(i - 1).key() == item.key();
            if (cut && !sameKey && !file.isEmpty()) {
                made.add(close(file, open, item.key()));
                file = new ArrayList<>(open);
                bytes = 0;
            }
            file.add(item);
            if (item.isRangeDelete()) {
                open.add(item);
            }
            bytes += item.isRangeDelete() ? ModelFile.RANGE_DELETE_BYTES : ModelFile.ENTRY_BYTES;
        }
        if (!file.isEmpty()) {
            made.add(new ModelFile(file, ++filesMade));
        }
        return made;
    }

    /** Ends a file at {@code key}; range deletes across it go on in {@code open}. */
    private ModelFile close(List<ModelFile.Item> file, List<ModelFile.Item> open, long key) {
        List<ModelFile.Item> across = new ArrayList<>();
        for (int i = 0; i < file.size(); i++) {
            ModelFile.Item item = file.get(i);
            if (item.isRangeDelete() && item.end() > key) {
                file.set(i, new ModelFile.Item(item.key(), key, item.sequence()));
                across.add(new ModelFile.Item(key, item.end(), item.sequence()));
            }
        }
        open.clear();
        open.addAll(across);
        return new ModelFile(file, ++filesMade);
    }

    /** Key to sequence of what a reader sees at {@code limit}; of committed files alone if asked. */
    Map<Long, Long> state(long limit, boolean committedOnly) {
        Map<Long, Long> newest = new HashMap<>();
        List<ModelFile.Item> deletes = new ArrayList<>();
        for (List<ModelFile> made : runs.values()) {
            for (ModelFile file : made) {
                if (committedOnly && file.meta.newestSequence() > durable) {
                    continue;
                }
                for (ModelFile.Item item : file.items) {
                    if (item.sequence() > limit) {
                        continue;
                    }
                    if (item.isRangeDelete()) {
                        deletes.add(item);
                    } else {
                        newest.merge(item.key(), item.sequence(), Math::max);
                    }
                }
            }
        }
        newest.entrySet()
                .removeIf(put -> deletes.stream()
                        .anyMatch(item -> item.key() <= put.getKey()
                                && put.getKey() < item.end()
                                && item.sequence() > put.getValue()));
        return newest;
    }

    /** For every key a newer run holds newer puts. */
    void checkOrder() {
        Map<Long, Long> oldestAbove = new HashMap<>();
        for (List<ModelFile> made : runs.values()) {
            Map<Long, Long> here = new HashMap<>();
            for (ModelFile file : made) {
                for (ModelFile.Item item : file.items) {
                    if (!item.isRangeDelete()) {
                        Long above = oldestAbove.get(item.key());
                        if (above != null && above <= item.sequence()) {
                            throw new AssertionError(
                                    "Key " + item.key() + ": " + item.sequence() + " lies below " + above);
                        }
                        here.merge(item.key(), item.sequence(), Math::min);
                    }
                }
            }
            here.forEach((key, sequence) -> oldestAbove.merge(key, sequence, Math::min));
        }
    }

    int fileCount() {
        return runs.values().stream().mapToInt(List::size).sum();
    }

    int runCount() {
        return runs.size();
    }
}
