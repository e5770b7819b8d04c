package io.forebay.store.iter;

import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.Fragmenter;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.RandomKeys;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** A random sequence of writes, cut into sources by age, and what a reader must see of it. */
public final class WriteHistory {
    public static final MergeFunction MERGE = MergeFunction.append((byte) ',');

    private final List<ModelEntry> entries = new ArrayList<>();
    private final List<Fragment> rangeDeletes = new ArrayList<>();
    private long sequence;

    /** Writes {@code count} operations; sequences have gaps. */
    public static WriteHistory random(Random random, int count, boolean merges) {
        WriteHistory history = new WriteHistory();
        RandomKeys keys = new RandomKeys(random);
        int keyLetters = 1 + random.nextInt(3);
        int deleteShare = random.nextInt(30);
        int mergeShare = merges ? random.nextInt(60) : 0;
        int rangeShare = random.nextInt(4) == 0 ? 0 : random.nextInt(15);
        for (int i = 0; i < count; i++) {
            history.sequence += 1 + random.nextInt(3);
            int dice = random.nextInt(100);
            if (dice < rangeShare) {
                history.deleteRange(keys.range().from(), keys.range().to());
                continue;
            }
            byte[] key = keys.key();
            key = Arrays.copyOf(key, Math.min(key.length, keyLetters));
            int other = random.nextInt(100);
            if (other < deleteShare) {
                history.add(key, ValueKind.DELETE, new byte[0]);
            } else {
                byte kind = other < deleteShare + mergeShare ? ValueKind.MERGE : ValueKind.PUT;
                history.add(
                        key,
                        kind,
                        random.nextInt(20) == 0
                                ? new byte[0]
                                : ("v" + history.sequence).getBytes(StandardCharsets.UTF_8));
            }
        }
        return history;
    }

    public WriteHistory add(byte[] key, byte kind, byte[] value) {
        sequence++;
        entries.add(new ModelEntry(key, sequence, kind, value));
        return this;
    }

    public WriteHistory deleteRange(byte[] from, byte[] to) {
        sequence++;
        if (to == null || Arrays.compareUnsigned(from, to) < 0) {
            rangeDeletes.add(new Fragment(from, to, new long[] {sequence}));
        }
        return this;
    }

    public long lastSequence() {
        return sequence;
    }

    /** Bounds of sources: random sequence numbers, ascending, the last one the last of all. */
    public List<Long> cuts(Random random, int sources) {
        Set<Long> cuts = new HashSet<>(List.of(sequence));
        while (cuts.size() < sources && cuts.size() < sequence) {
            cuts.add(1 + random.nextLong(Math.max(1, sequence)));
        }
        List<Long> sorted = new ArrayList<>(cuts);
        Collections.sort(sorted);
        return sorted;
    }

    /** The part with sequences in {@code (above, upTo]}. */
    public WriteHistory part(long above, long upTo) {
        WriteHistory part = new WriteHistory();
        for (ModelEntry entry : entries) {
            if (entry.sequence() > above && entry.sequence() <= upTo) {
                part.entries.add(entry);
            }
        }
        for (Fragment fragment : rangeDeletes) {
            if (fragment.sequences()[0] > above && fragment.sequences()[0] <= upTo) {
                part.rangeDeletes.add(fragment);
            }
        }
        part.sequence = upTo;
        return part;
    }

    /** A source for each stretch between two cuts, newest first. */
    public List<Source> sources(List<Long> cuts) {
        List<Source> newestFirst = new ArrayList<>();
        long above = 0;
        for (long cut : cuts) {
            newestFirst.add(0, part(above, cut).source());
            above = cut;
        }
        return newestFirst;
    }

    public Source source() {
        return new Source(new ListCursor(sorted()), tombstones());
    }

    public List<ModelEntry> sorted() {
        List<ModelEntry> sorted = new ArrayList<>(entries);
        Collections.sort(sorted);
        return sorted;
    }

    public RangeTombstones tombstones() {
        Fragmenter fragmenter = new Fragmenter();
        rangeDeletes.forEach(fragmenter::add);
        return fragmenter.finish();
    }

    /** Versions at or below {@code limit} that no range delete at or below it covers, in internal order. */
    public List<ModelEntry> visibleVersions(long limit) {
        List<ModelEntry> visible = new ArrayList<>();
        for (ModelEntry entry : sorted()) {
            if (entry.sequence() <= limit && !isCovered(entry, limit)) {
                visible.add(entry);
            }
        }
        return visible;
    }

    private boolean isCovered(ModelEntry entry, long limit) {
        for (Fragment fragment : rangeDeletes) {
            if (covers(fragment, entry.key())) {
                for (long tombstone : fragment.sequences()) {
                    if (tombstone <= limit && tombstone > entry.sequence()) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    static boolean covers(Fragment fragment, byte[] key) {
        return Arrays.compareUnsigned(fragment.start(), key) <= 0
                && (fragment.end() == null || Arrays.compareUnsigned(key, fragment.end()) < 0);
    }

    /** What a reader sees at {@code limit}. */
    public TreeMap<byte[], byte[]> state(long limit) {
        TreeMap<byte[], byte[]> state = new TreeMap<>(Arrays::compareUnsigned);
        List<ModelEntry> versions = visibleVersions(limit);
        for (int i = 0; i < versions.size(); i++) {
            byte[] key = versions.get(i).key();
            List<byte[]> newestFirst = new ArrayList<>();
            boolean open = true;
            while (open) {
                ModelEntry entry = versions.get(i);
                if (entry.kind() != ValueKind.DELETE) {
                    newestFirst.add(entry.value());
                }
                open = entry.kind() == ValueKind.MERGE
                        && i + 1 < versions.size()
                        && Arrays.equals(versions.get(i + 1).key(), key);
                i += open ? 1 : 0;
            }
            while (i + 1 < versions.size() && Arrays.equals(versions.get(i + 1).key(), key)) {
                i++;
            }
            if (!newestFirst.isEmpty()) {
                Collections.reverse(newestFirst);
                state.put(key, newestFirst.size() == 1 ? newestFirst.get(0) : MERGE.merge(key, newestFirst));
            }
        }
        return state;
    }

    /** Entries and range deletes that were written elsewhere. */
    public static WriteHistory of(List<ModelEntry> entries, List<Fragment> fragments) {
        WriteHistory history = new WriteHistory();
        history.entries.addAll(entries);
        history.rangeDeletes.addAll(fragments);
        return history;
    }

    public WriteHistory with(WriteHistory newer) {
        WriteHistory both = of(entries, rangeDeletes);
        both.entries.addAll(newer.entries);
        both.rangeDeletes.addAll(newer.rangeDeletes);
        return both;
    }

    List<ModelEntry> entries() {
        return entries;
    }
}
