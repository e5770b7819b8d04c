package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreClosedException;
import io.forebay.store.StoreIoException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.FaultInjector.Fault;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Iterators on rows that are too long to be kept: what they show is the same, and a read of a value may fail. */
class LongRowsReadAgainTest extends FailingStores {
    /** More than an eighth of the budget: the cache does not take it, and one iterator at a time keeps such a block. */
    private static final int LONGEST = 2_500_000;

    private static byte[] value(Random random, int length) {
        byte[] value = new byte[length];
        random.nextBytes(value);
        return value;
    }

    @Test
    void aValueThatCannotBeReadAgainIsReported() {
        Random random = new Random(1);
        byte[] first = value(random, LONGEST);
        byte[] second = value(random, LONGEST);
        Store store = stepped.open(files);
        store.put(bytes("a"), first);
        store.put(bytes("b"), second);
        store.put(bytes("c"), bytes("short"));
        store.flush();
        StoreIterator closedLater = store.iterator(KeyRange.all());
        try (StoreIterator keeps = store.iterator(KeyRange.all());
                StoreIterator iterator = store.iterator(KeyRange.all())) {
            keeps.seekToFirst();
            iterator.seek(bytes("b"));
            closedLater.seek(bytes("b"));
            ValueBuffer into = new ValueBuffer();
            into.reset(1);
            faults.arm(Fault.IO_ERROR, 1, true);
            assertThat(keeps.value()).isEqualTo(first);
            assertThatThrownBy(iterator::value).isInstanceOf(StoreIoException.class);
            assertThatThrownBy(() -> iterator.value(into)).isInstanceOf(StoreIoException.class);
            assertThat(into.length()).isEqualTo(1);
            assertThat(iterator.key()).isEqualTo(bytes("b"));
            assertThat(iterator.valueLength()).isEqualTo(LONGEST);
            faults.heal();
            assertThat(iterator.value()).isEqualTo(second);
            iterator.value(into);
            assertThat(into.toByteArray()).isEqualTo(second);
            iterator.prev();
            assertThat(iterator.value()).isEqualTo(first);
            iterator.seek(bytes("b"));
            iterator.next();
            assertThat(iterator.value()).isEqualTo(bytes("short"));
        }
        store.close();
        assertThatThrownBy(closedLater::value).isInstanceOf(StoreClosedException.class);
    }

    /** The iterator has a cursor for each operand, and one of them at a time keeps its block. */
    @Test
    void aMergedValueIsReadFromLongOperands() {
        Random random = new Random(2);
        Model model = new Model();
        Store store = stepped.open(files, options());
        List<Snapshot> apart = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            for (String key : List.of("a", "b", "c")) {
                byte[] operand = value(random, key.equals("b") ? 100 : LONGEST);
                store.merge(bytes(key), operand);
                model.merge(bytes(key), operand);
            }
            apart.add(store.snapshot());
            store.flush();
        }
        try (StoreIterator iterator = store.iterator(KeyRange.all())) {
            iterator.seekToFirst();
            for (String key : List.of("a", "b", "c")) {
                assertThat(iterator.key()).isEqualTo(bytes(key));
                assertThat(iterator.value()).isEqualTo(model.get(bytes(key)));
                iterator.next();
            }
            iterator.seekToLast();
            faults.arm(Fault.IO_ERROR, 1, true);
            assertThatThrownBy(() -> iterator.seek(bytes("a"))).isInstanceOf(StoreIoException.class);
            faults.heal();
            iterator.seek(bytes("a"));
            assertThat(iterator.value()).isEqualTo(model.get(bytes("a")));
        }
        apart.forEach(Snapshot::close);
        store.close();
    }

    private static StoreOptions.Builder options() {
        return StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ','));
    }

    @Test
    void manyIteratorsWalkOverLongRowsInBothDirections() {
        Seeds.run(getClass(), 3, seed -> {
            Random random = new Random(seed);
            try (SteppedEnvironment environment = new SteppedEnvironment(8 << 20)) {
                Store store = environment.open(new CrashFileStore(), options());
                Model model = new Model();
                List<Walk> walks = new ArrayList<>();
                for (int round = 0; round < 6; round++) {
                    for (int i = 0; i < 10; i++) {
                        write(store, model, random);
                    }
                    for (int i = 0; i < 5; i++) {
                        walks.add(new Walk(
                                store.iterator(KeyRange.all()), model.copy().map()));
                    }
                    if (random.nextInt(3) > 0) {
                        store.flush();
                    }
                    if (random.nextInt(3) == 0) {
                        store.compact();
                    }
                    for (int step = 0; step < 150; step++) {
                        walks.get(random.nextInt(walks.size())).step(random);
                    }
                }
                walks.forEach(walk -> walk.iterator.close());
                store.close();
            }
        });
    }

    private static void write(Store store, Model model, Random random) {
        byte[] key = key(random);
        int[] lengths = {10, 5_000, 70_000, 300_000, 1_200_000};
        byte[] value = value(random, lengths[random.nextInt(lengths.length)]);
        switch (random.nextInt(6)) {
            case 0 -> {
                store.delete(key);
                model.delete(key);
            }
            case 1 -> {
                byte[] operand = Arrays.copyOf(value, Math.min(value.length, 100_000));
                store.merge(key, operand);
                model.merge(key, operand);
            }
            default -> {
                store.put(key, value);
                model.put(key, value);
            }
        }
    }

    private static byte[] key(Random random) {
        return bytes("key" + (char) ('a' + random.nextInt(12)));
    }

    private static final class Walk {
        final StoreIterator iterator;
        private final NavigableMap<byte[], byte[]> expected;
        private Map.Entry<byte[], byte[]> at;

        Walk(StoreIterator iterator, NavigableMap<byte[], byte[]> expected) {
            this.iterator = iterator;
            this.expected = expected;
        }

        void step(Random random) {
            byte[] target = key(random);
            switch (at == null ? random.nextInt(2) : random.nextInt(9)) {
                case 0 -> {
                    iterator.seek(target);
                    at = expected.ceilingEntry(target);
                }
                case 1 -> {
                    iterator.seekForPrev(target);
                    at = expected.floorEntry(target);
                }
                case 2, 3, 4 -> {
                    iterator.next();
                    at = expected.higherEntry(at.getKey());
                }
                case 5, 6, 7 -> {
                    iterator.prev();
                    at = expected.lowerEntry(at.getKey());
                }
                default -> {
                    // It stands still.
                }
            }
            assertThat(iterator.isValid()).isEqualTo(at != null);
            if (at != null) {
                assertThat(iterator.key()).isEqualTo(at.getKey());
                assertThat(iterator.valueLength()).isEqualTo(at.getValue().length);
                if (random.nextBoolean()) {
                    assertThat(iterator.value()).isEqualTo(at.getValue());
                }
            }
        }
    }
}
