package io.forebay.store.harness.random;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.EntryBatch;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Store;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Iterators walk at random, each move right after memtables were taken away, with merges, range deletes and a filter about. */
class IdleIteratorWalksTest {
    private static final int MIB = 1 << 20;
    /** An iterator reads a value of that length again when others hold too much. */
    private static final int LONG = 70_000;

    /** Each move of each kind comes right after memtables were taken away, with merges, range deletes and a filter about. */
    @Test
    void whateverIsDoneNext() {
        Figures figures = new Figures(IdleIteratorWalksTest.class);
        AtomicLong takes = new AtomicLong();
        Seeds.run(
                IdleIteratorWalksTest.class,
                (int) Effort.of("idle.walks", 60, 6_000),
                seed -> takes.addAndGet(walk(seed)));
        figures.add("taken", takes.get());
        figures.write();
        assertThat(takes.get()).isPositive();
    }

    private static long walk(long seed) {
        Random random = new Random(seed);
        StoreOptions.Builder options = StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ','));
        if (random.nextInt(4) == 0) {
            options.compactionFilter((key, keyLength, value, valueLength) -> false);
        }
        try (SteppedEnvironment stepped = new SteppedEnvironment(4 * MIB)) {
            Store store = stepped.open(new CrashFileStore(), options);
            TreeMap<String, String> model = new TreeMap<>();
            List<StoreIterator> iterators = new ArrayList<>();
            List<TreeMap<String, String>> seen = new ArrayList<>();
            List<String> places = new ArrayList<>();
            for (int round = 0; round < 300; round++) {
                change(store, model, random);
                if (iterators.size() < 6 && random.nextInt(10) == 0) {
                    iterators.add(store.iterator(KeyRange.all()));
                    seen.add(new TreeMap<>(model));
                    places.add(null);
                }
                if (random.nextInt(3) == 0) {
                    store.flush();
                    if (random.nextInt(8) == 0) {
                        store.commit(new byte[] {(byte) round});
                        store.compact();
                    }
                }
                for (int i = 0; i < iterators.size(); i++) {
                    if (random.nextInt(3) == 0) {
                        String place = move(iterators.get(i), seen.get(i), places.get(i), random);
                        places.set(i, place);
                        check(iterators.get(i), seen.get(i), place, random, "seed " + seed + ", round " + round);
                    }
                }
            }
            long takes = store.statistics().idleIteratorsEmptied();
            iterators.forEach(StoreIterator::close);
            store.close();
            return takes;
        }
    }

    private static void change(Store store, TreeMap<String, String> model, Random random) {
        for (int i = 0; i < 5; i++) {
            String key = "k" + random.nextInt(60);
            String value = "v" + random.nextInt(1000) + (random.nextInt(60) == 0 ? "x".repeat(LONG) : "");
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    store.put(bytes(key), bytes(value));
                    model.put(key, value);
                }
                case 3, 4 -> {
                    store.merge(bytes(key), bytes(value));
                    model.merge(key, value, (a, b) -> a + "," + b);
                }
                case 5, 6 -> {
                    store.delete(bytes(key));
                    model.remove(key);
                }
                default -> {
                    String to = "k" + random.nextInt(60);
                    if (random.nextInt(4) == 0 && key.compareTo(to) < 0) {
                        store.deleteRange(bytes(key), bytes(to));
                        model.subMap(key, to).clear();
                    }
                }
            }
        }
    }

    /** @return the key that the iterator is to be on */
    private static String move(StoreIterator iterator, TreeMap<String, String> state, String place, Random random) {
        String target = "k" + random.nextInt(70);
        switch (random.nextInt(place == null ? 4 : 10)) {
            case 0 -> {
                iterator.seekToFirst();
                return state.isEmpty() ? null : state.firstKey();
            }
            case 1 -> {
                iterator.seekToLast();
                return state.isEmpty() ? null : state.lastKey();
            }
            case 2 -> {
                iterator.seek(bytes(target));
                return state.ceilingKey(target);
            }
            case 3 -> {
                iterator.seekForPrev(bytes(target));
                return state.floorKey(target);
            }
            case 4, 5 -> {
                iterator.next();
                return state.higherKey(place);
            }
            case 6 -> {
                return nextBatch(iterator, state, place, random);
            }
            case 7, 8 -> {
                iterator.prev();
                return state.lowerKey(place);
            }
            default -> {
                return place;
            }
        }
    }

    private static String nextBatch(
            StoreIterator iterator, TreeMap<String, String> state, String place, Random random) {
        EntryBatch batch = random.nextBoolean()
                ? EntryBatch.of(1 + random.nextInt(20), 1 + random.nextInt(3 * LONG))
                : EntryBatch.ofKeys(1 + random.nextInt(20), 100);
        iterator.nextBatch(batch);
        assertThat(batch.size()).isPositive();
        String at = place;
        for (int i = 0; i < batch.size(); i++) {
            assertThat(new String(batch.key(i), UTF_8)).isEqualTo(at);
            assertThat(new String(batch.value(i), UTF_8)).isEqualTo(batch.hasValues() ? state.get(at) : "");
            at = state.higherKey(at);
        }
        return at;
    }

    private static void check(
            StoreIterator iterator, TreeMap<String, String> state, String place, Random random, String where) {
        assertThat(iterator.isValid()).as(where).isEqualTo(place != null);
        if (place == null) {
            return;
        }
        assertThat(new String(iterator.key(), UTF_8)).as(where).isEqualTo(place);
        if (random.nextBoolean()) {
            ValueBuffer buffer = new ValueBuffer();
            iterator.value(buffer);
            assertThat(new String(buffer.toByteArray(), UTF_8)).as(where).isEqualTo(state.get(place));
        } else {
            assertThat(new String(iterator.value(), UTF_8)).as(where).isEqualTo(state.get(place));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
