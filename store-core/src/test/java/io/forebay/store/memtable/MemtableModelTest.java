package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.forebay.store.MergeFunction;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.memtable.MemtableHarness.Version;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.util.Seeded;
import io.forebay.store.util.Slab;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random writes, with pins now and then, against a model that keeps everything. */
class MemtableModelTest {
    private static final MergeFunction APPEND = MergeFunction.append((byte) ',');

    /** The same results without {@link MergeFunction#appendDelimiter}. */
    private static final MergeFunction GENERAL = new MergeFunction() {
        @Override
        public String name() {
            return "general";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = 0; i < values.size(); i++) {
                if (i > 0) {
                    out.write(',');
                }
                out.writeBytes(values.get(i));
            }
            return out.toByteArray();
        }
    };

    /** An iterator that stays open while writing goes on, and what it has to show. */
    private record OpenIterator(InternalIterator iterator, long limit, RangeTombstones tombstones) {}

    @Test
    void readsWhatTheModelHasAtEveryPinnedLimit() {
        Seeded.run(MemtableModelTest.class, 50, random -> run(random, random.nextBoolean() ? APPEND : GENERAL));
    }

    private static void run(Random random, MergeFunction function) throws IOException {
        MemtableHarness harness = new MemtableHarness(256 << 20, function);
        MemtableModel model = new MemtableModel(function);
        List<Long> limits = new ArrayList<>();
        List<OpenIterator> open = new ArrayList<>();
        RandomKeys keys = new RandomKeys(random);
        int count = 1 + random.nextInt(random.nextBoolean() ? 300 : 1500);
        int pinOneIn = 1 + random.nextInt(60);
        int rangeShare = random.nextInt(3) == 0 ? 0 : random.nextInt(8);
        int mergeShare = random.nextInt(60);
        boolean large = count < 300 && random.nextInt(3) == 0;
        for (int i = 0; i < count; i++) {
            step(random, harness, model, keys, rangeShare, mergeShare, large);
            if (random.nextInt(pinOneIn) == 0) {
                harness.pinned = harness.sequence;
                limits.add(harness.sequence);
                if (random.nextInt(4) == 0) {
                    open.add(new OpenIterator(
                            harness.memtable.iterator(harness.sequence),
                            harness.sequence,
                            harness.memtable.tombstones()));
                }
            }
            if (random.nextInt(20) == 0) {
                byte[] key = keys.key();
                assertThat(harness.get(key, harness.sequence, false)).isEqualTo(model.get(key, harness.sequence));
            }
            if (random.nextInt(20) == 0) {
                checkStale(harness, model, keys.key(), Math.max(0, harness.sequence - random.nextInt(30)));
            }
        }
        Collections.shuffle(limits, random);
        List<Long> some = new ArrayList<>(limits.subList(0, Math.min(limits.size(), 10)));
        some.add(harness.sequence);
        checkGets(harness, model, some);
        for (OpenIterator at : open) {
            checkIterator(harness, model, at, random);
            at.iterator.close();
        }
        checkFlush(harness, keys);
        checkEnd(harness, model, random);
    }

    /** What a flush reads is what an iterator shows, from the beginning and from anywhere. */
    private static void checkFlush(MemtableHarness harness, RandomKeys keys) throws IOException {
        try (InternalIterator flush = harness.memtable.flushIterator();
                InternalIterator iterator = harness.memtable.iterator()) {
            List<Version> all = MemtableHarness.all(iterator);
            assertThat(MemtableHarness.all(flush)).isEqualTo(all);
            for (int i = 0; i < 3; i++) {
                byte[] from = keys.key();
                iterator.seek(from, 0, from.length);
                int shown = 0;
                for (flush.seek(from, 0, from.length); flush.isValid() && shown < 20; flush.next()) {
                    assertThat(Version.of(flush)).isEqualTo(Version.of(iterator));
                    assertThat(flush.mayHaveOlder()).isEqualTo(iterator.mayHaveOlder());
                    iterator.next();
                    shown++;
                }
                assertThat(flush.isValid() || !iterator.isValid()).isTrue();
            }
        }
    }

    private static void step(
            Random random,
            MemtableHarness harness,
            MemtableModel model,
            RandomKeys keys,
            int rangeShare,
            int mergeShare,
            boolean large) {
        int dice = random.nextInt(100);
        if (dice < rangeShare) {
            byte[] from = keys.key();
            byte[] to = random.nextInt(10) == 0 ? null : keys.key();
            if (to == null || Arrays.compareUnsigned(from, to) < 0) {
                assertThat(harness.deleteRange(from, to)).isTrue();
                model.deleteRange(from, to, harness.sequence);
            }
            return;
        }
        byte[] key = keys.key();
        byte[] value = keys.value();
        if (large && random.nextInt(20) == 0) {
            key = Arrays.copyOf(key, key.length + (random.nextInt(4) == 0 ? 70_000 : random.nextInt(40_000)));
            value = new byte[random.nextInt(4) == 0 ? 200_000 : random.nextInt(70_000)];
            random.nextBytes(value);
        }
        int kindDice = random.nextInt(100);
        byte kind = kindDice < mergeShare ? ValueKind.MERGE : kindDice < 90 ? ValueKind.PUT : ValueKind.DELETE;
        assertThat(harness.write(kind, key, value)).isTrue();
        model.write(key, kind, value, harness.sequence);
    }

    /** A read of "now" that is late must notice, or be right. */
    private static void checkStale(MemtableHarness harness, MemtableModel model, byte[] key, long limit) {
        MemtableModel.Answer answer = harness.get(key, limit, false);
        if (answer != null) {
            assertThat(answer).isEqualTo(model.get(key, limit));
        }
    }

    private static void checkGets(MemtableHarness harness, MemtableModel model, List<Long> limits) {
        for (byte[] key : model.keys()) {
            for (long limit : limits) {
                MemtableModel.Answer answer = harness.get(key, limit, true);
                if (!model.get(key, limit).equals(answer)) {
                    fail("%s at %s: %s, expected %s", Arrays.toString(key), limit, answer, model.get(key, limit));
                }
            }
        }
    }

    private static void checkIterator(MemtableHarness harness, MemtableModel model, OpenIterator at, Random random)
            throws IOException {
        List<Version> all = MemtableHarness.all(at.iterator);
        TreeMap<byte[], List<Version>> byKey = new TreeMap<>(Arrays::compareUnsigned);
        Version last = null;
        for (Version version : all) {
            assertThat(version.sequence()).isLessThanOrEqualTo(at.limit);
            if (last != null) {
                int order = Arrays.compareUnsigned(last.key(), version.key());
                assertThat(order < 0 || (order == 0 && last.sequence() > version.sequence()))
                        .isTrue();
            }
            byKey.computeIfAbsent(version.key(), k -> new ArrayList<>()).add(version);
            last = version;
        }
        for (byte[] key : model.keys()) {
            List<Version> versions = byKey.getOrDefault(key, List.of());
            assertThat(versions.isEmpty()).isNotEqualTo(model.hasVersion(key, at.limit));
            assertThat(harness.fold(key, versions, at.tombstones, at.limit)).isEqualTo(model.get(key, at.limit));
        }
        walkAtRandom(at.iterator, all, random);
    }

    /** Moves of every kind must lead where they lead in the list of all versions. */
    private static void walkAtRandom(InternalIterator iterator, List<Version> all, Random random) throws IOException {
        RandomKeys keys = new RandomKeys(random);
        int at = -1;
        for (int i = 0; i < 200; i++) {
            boolean valid = at >= 0 && at < all.size();
            switch (random.nextInt(valid ? 8 : 4)) {
                case 0 -> {
                    iterator.seekToFirst();
                    at = 0;
                }
                case 1 -> {
                    iterator.seekToLast();
                    at = all.size() - 1;
                }
                case 2 -> {
                    byte[] target = keys.key();
                    iterator.seek(target, 0, target.length);
                    at = countBefore(all, target);
                }
                case 3 -> {
                    byte[] target = keys.key();
                    iterator.seekBefore(target, 0, target.length);
                    at = countBefore(all, target) - 1;
                }
                case 4, 5 -> {
                    iterator.next();
                    at++;
                }
                default -> {
                    iterator.prev();
                    at--;
                }
            }
            boolean expected = at >= 0 && at < all.size();
            assertThat(iterator.isValid()).isEqualTo(expected);
            if (expected) {
                assertThat(Version.of(iterator)).isEqualTo(all.get(at));
                assertThat(iterator.head()).isEqualTo(Slab.head(iterator.key(), 0, iterator.keyLength()));
            }
        }
    }

    private static int countBefore(List<Version> all, byte[] target) {
        int count = 0;
        while (count < all.size() && Arrays.compareUnsigned(all.get(count).key(), target) < 0) {
            count++;
        }
        return count;
    }

    private static void checkEnd(MemtableHarness harness, MemtableModel model, Random random) throws IOException {
        Memtable memtable = harness.memtable;
        InternalIterator iterator = memtable.iterator();
        checkIterator(harness, model, new OpenIterator(iterator, Long.MAX_VALUE, memtable.tombstones()), random);
        assertThat(MemtableHarness.all(iterator)).hasSize((int) memtable.entries());
        assertThat(memtable.maxSequence()).isEqualTo(harness.sequence == 0 ? -1 : harness.sequence);
        assertThat(memtable.isEmpty()).isEqualTo(harness.sequence == 0);
        assertThat(memtable.heldBytes()).isEqualTo(harness.pool.used());

        iterator.close();
        iterator.close();
        InternalIterator flush = memtable.flushIterator();
        memtable.release();
        assertThat(harness.pool.used())
                .as("the iterator of a flush holds the memory")
                .isPositive();
        flush.close();
        assertThat(harness.pool.used()).isZero();
        assertThat(harness.slabs.outstanding()).isZero();
    }
}
