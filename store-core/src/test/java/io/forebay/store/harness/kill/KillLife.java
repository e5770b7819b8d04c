package io.forebay.store.harness.kill;

import io.forebay.store.Compression;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.RandomKeys;
import io.forebay.store.testing.TestKeys;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;

/**
 * What a process does between its start and its death. Operation {@code n} and the options follow from the seed alone, so that
 * another process can do to a model what this one has done to a store.
 */
final class KillLife {
    /** What operations are done to. */
    interface Target {
        void put(byte[] key, byte[] value);

        void delete(byte[] key);

        void merge(byte[] key, byte[] operand);

        void deleteRange(byte[] from, byte[] to);

        /** Everything in {@code changes} happens at once. */
        void batch(Runnable changes);

        void ingest(TreeMap<byte[], byte[]> entries);

        void commit(long number, boolean durably);

        /** Nothing that changes the content. */
        void other(Other what, long number);
    }

    enum Other {
        CHECKPOINT,
        FLUSH,
        COMPACT,
        READ
    }

    private final long seed;

    KillLife(long seed) {
        this.seed = seed;
    }

    /** Options that have nothing to do with those of other lives, but for the keys of encrypted files. */
    static StoreOptions options(long seed) {
        Random random = new Random(seed);
        Compression[] compressions = Compression.values();
        Duration[] intervals = {Duration.ZERO, Duration.ofMillis(3), Duration.ofSeconds(60)};
        boolean otherKey = random.nextBoolean();
        Durability durability = durability(seed);
        return StoreOptions.builder()
                .valueFileThreshold(valueFileThreshold(seed))
                .name("kill")
                .memtableBytes(1024 << random.nextInt(7))
                .blockBytes(128 << random.nextInt(6))
                .targetFileBytes(4096L << random.nextInt(5))
                .bloomBitsPerKey(random.nextInt(3) * 5)
                .commitInterval(intervals[random.nextInt(intervals.length)])
                .mergeFunction(MergeFunction.append((byte) ','))
                .durability(durability)
                .walBytes(durability == Durability.NONE ? 1 << 20 : 64 << 10 << random.nextInt(8))
                .compression(compressions[random.nextInt(compressions.length)])
                .bottomCompression(compressions[random.nextInt(compressions.length)])
                .encryption(otherKey ? TestKeys.provider("b", "a") : TestKeys.provider("a", "b"))
                .build();
    }

    private static int valueFileThreshold(long seed) {
        Random random = new Random(seed + 1);
        return random.nextInt(3) == 0 ? 0 : 1 << random.nextInt(9);
    }

    /** What the options of this seed promise. */
    static Durability durability(long seed) {
        Durability[] durabilities = Durability.values();
        return durabilities[new Random(~seed).nextInt(durabilities.length)];
    }

    /** Whether writes that have returned are there after a kill on that disk. */
    static boolean survives(long seed, KillChild.Disk disk) {
        return switch (durability(seed)) {
            case NONE -> false;
            case BUFFERED -> disk == KillChild.Disk.KEEPS_ALL;
            case SYNCED -> true;
        };
    }

    static Environment environment(long seed) {
        Random random = new Random(seed);
        return Environment.builder()
                .memoryBytes(2L << 20 << random.nextInt(4))
                .backgroundThreads(1 + random.nextInt(3))
                .build();
    }

    void apply(long number, Target target) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + number * 0xD1B54A32D192ED03L);
        random.nextLong();
        RandomKeys keys = new RandomKeys(random);
        int dice = random.nextInt(2000);
        if (dice < 1200) {
            target.put(keys.key(), keys.value());
        } else if (dice < 1400) {
            target.delete(keys.key());
        } else if (dice < 1550) {
            target.merge(keys.key(), keys.value());
        } else if (dice < 1750) {
            target.batch(() -> batch(random, keys, target));
        } else if (dice < 1780) {
            KeyRange range = keys.range();
            target.deleteRange(range.from(), range.to());
        } else if (dice < 1880) {
            target.commit(number, false);
        } else if (dice < 1900) {
            target.commit(number, true);
        } else if (dice < 1905) {
            target.ingest(entries(random, keys));
        } else {
            target.other(other(dice), number);
        }
    }

    private static void batch(Random random, RandomKeys keys, Target target) {
        for (int i = random.nextInt(20); i >= 0; i--) {
            switch (random.nextInt(6)) {
                case 0 -> target.delete(keys.key());
                case 1 -> target.merge(keys.key(), keys.value());
                default -> target.put(keys.key(), keys.value());
            }
        }
    }

    private static TreeMap<byte[], byte[]> entries(Random random, RandomKeys keys) {
        TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        for (int i = random.nextInt(200); i >= 0; i--) {
            entries.put(keys.key(), keys.value());
        }
        return entries;
    }

    private static Other other(int dice) {
        if (dice < 1907) {
            return Other.COMPACT;
        }
        if (dice < 1915) {
            return Other.FLUSH;
        }
        return dice < 1925 ? Other.CHECKPOINT : Other.READ;
    }
}
