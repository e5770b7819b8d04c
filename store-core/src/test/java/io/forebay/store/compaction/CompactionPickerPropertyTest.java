package io.forebay.store.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.KeyRange;
import io.forebay.store.testing.Seeds;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Random flushes, commits, snapshots, and compactions that start and end at any time beside each other: every state that
 * anybody may ask for, among them what a crash would leave, is always the same as without compactions.
 */
class CompactionPickerPropertyTest {
    private record Job(Compaction compaction, List<ModelFile> outputs) {}

    @Test
    void changesNoStateAndComesToRest() {
        Seeds.run(getClass(), 250, seed -> new Run(new Random(seed)).run());
    }

    private static final class Run {
        private final Random random;
        private final ModelStore store;
        private final int keys;
        private final List<Job> running = new ArrayList<>();
        /** What readers must see, by sequence number. */
        private final TreeMap<Long, Map<Long, Long>> expected = new TreeMap<>();

        private final Map<Long, Long> now = new HashMap<>();

        Run(Random random) {
            this.random = random;
            this.keys = 20 + random.nextInt(300);
            this.store = new ModelStore((2 + random.nextInt(30)) * (long) ModelFile.ENTRY_BYTES);
            expected.put(0L, Map.of());
        }

        void run() {
            for (int step = 0; step < 120; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> flush();
                    case 3 -> commit();
                    case 4 -> snapshot();
                    case 5, 6, 7 -> start();
                    default -> finish();
                }
                check();
            }
            while (!running.isEmpty()) {
                finish();
            }
            store.snapshots.clear();
            store.durable = store.lastSequence;
            store.settle();
            check();
            for (Compaction next = store.pickFull(); next != null; next = store.pickFull()) {
                store.apply(next, next.kind() == Compaction.Kind.MERGE ? store.merge(next, store.runs()) : null);
            }
            check();
            List<SortedRun> runs = store.runs();
            assertThat(runs.size()).isLessThanOrEqualTo(1);
            assertThat(runs).allMatch(SortedRun::isBottom);
            assertThat(runs.stream().flatMap(run -> run.files().stream())).allMatch(file -> file.rangeDeletes() == 0);
            assertThat(store.pick()).isNull();
        }

        private void flush() {
            List<ModelFile.Item> items = new ArrayList<>();
            boolean sequential = random.nextInt(3) == 0;
            int from = random.nextInt(keys);
            int count = 1 + random.nextInt(40);
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < count; i++) {
                long key = sequential ? from + i : random.nextInt(keys);
                if (seen.add(key)) {
                    items.add(new ModelFile.Item(key, key, ++store.lastSequence));
                    now.put(key, store.lastSequence);
                }
            }
            if (random.nextInt(3) == 0) {
                long low = random.nextInt(keys);
                long high = low + 1 + random.nextInt(keys);
                long sequence = ++store.lastSequence;
                items.removeIf(item -> low <= item.key() && item.key() < high);
                items.add(new ModelFile.Item(low, high, sequence));
                now.keySet().removeIf(key -> low <= key && key < high);
            }
            items.sort(Comparator.comparingLong(ModelFile.Item::key));
            store.flush(items);
            expected.put(store.lastSequence, Map.copyOf(now));
        }

        /** Commits become durable with a flush, so at the end of one. */
        private void commit() {
            store.durable = store.lastSequence;
        }

        private void snapshot() {
            if (random.nextBoolean()) {
                store.snapshots.add(store.lastSequence);
            } else if (!store.snapshots.isEmpty()) {
                List<Long> all = new ArrayList<>(store.snapshots);
                store.snapshots.remove(all.get(random.nextInt(all.size())));
            }
        }

        private void start() {
            Compaction compaction = store.pick();
            if (compaction == null && running.isEmpty()) {
                compaction = store.pickOld(1 + random.nextInt(20));
            }
            if (compaction == null) {
                return;
            }
            checkSound(compaction);
            List<ModelFile> outputs =
                    compaction.kind() == Compaction.Kind.MERGE ? store.merge(compaction, store.runs()) : null;
            store.busy.addAll(compaction.fileIds());
            running.add(new Job(compaction, outputs));
        }

        private void finish() {
            if (!running.isEmpty()) {
                Job job = running.remove(random.nextInt(running.size()));
                store.apply(job.compaction(), job.outputs());
                store.busy.removeAll(job.compaction().fileIds());
            }
        }

        private void checkSound(Compaction compaction) {
            List<FileMeta> inputs = compaction.files();
            assertThat(inputs).isNotEmpty();
            assertThat(compaction.fileIds()).hasSameSizeAs(inputs);
            assertThat(compaction.fileIds()).noneMatch(store.busy::contains);
            if (compaction.kind() == Compaction.Kind.DROP) {
                return; // judged by the states
            }
            Set<Boolean> committed = new HashSet<>();
            inputs.forEach(file -> committed.add(file.newestSequence() <= store.durable));
            assertThat(committed)
                    .as("committed and uncommitted in %s", compaction)
                    .hasSize(1);
            if (compaction.isBottom()) {
                assertThat(committed).containsExactly(true);
            }
            checkNothingIsPassed(compaction);
        }

        /** No file moves past one that overlaps it. */
        private void checkNothingIsPassed(Compaction compaction) {
            Set<FileMeta> inputs = new HashSet<>(compaction.files());
            for (Compaction.Input input : compaction.inputs()) {
                long low = Math.min(input.rank(), compaction.outputRank());
                long high = Math.max(input.rank(), compaction.outputRank());
                for (SortedRun run : store.runs()) {
                    if (run.rank() < low || run.rank() > high) {
                        continue;
                    }
                    for (FileMeta other : run.files()) {
                        for (FileMeta file : input.files()) {
                            boolean passes =
                                    !inputs.contains(other) && other.range().overlaps(file.range());
                            assertThat(passes)
                                    .as("%s passes %s", compaction, other)
                                    .isFalse();
                        }
                    }
                }
            }
        }

        private void check() {
            store.checkOrder();
            Set<Long> limits = new HashSet<>(store.snapshots);
            limits.add(store.lastSequence);
            for (long limit : limits) {
                assertThat(store.state(limit, false)).as("at %s", limit).isEqualTo(expected.get(limit));
            }
            Map<Long, Long> afterCrash = store.state(store.durable, true);
            assertThat(afterCrash).as("after a crash").isEqualTo(expected.get(store.durable));
            for (SortedRun run : store.runs()) {
                KeyRange previous = null;
                for (FileMeta file : run.files()) {
                    assertThat(previous != null && previous.overlaps(file.range()))
                            .isFalse();
                    previous = file.range();
                }
            }
        }
    }
}
