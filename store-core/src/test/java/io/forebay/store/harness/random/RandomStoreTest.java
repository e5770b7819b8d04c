package io.forebay.store.harness.random;

import io.forebay.store.Compression;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.Seeds;
import io.forebay.store.testing.TestKeys;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random operations on a store and on a sorted map, with crashes, reopens, checkpoints and stepped background work. */
class RandomStoreTest {
    private static final int OPERATIONS = 1500;

    @Test
    void tinyEverything() {
        run(
                6,
                random -> StoreOptions.builder()
                        .memtableBytes(1024 + random.nextInt(3 * 1024))
                        .blockBytes(128)
                        .targetFileBytes(4096)
                        .bloomBitsPerKey(random.nextInt(3) * 5));
    }

    @Test
    void everyCommitStartsAFlush() {
        run(
                4,
                random -> StoreOptions.builder()
                        .memtableBytes(16 << 10)
                        .blockBytes(256)
                        .targetFileBytes(8 << 10)
                        .bloomBitsPerKey(0)
                        .commitInterval(Duration.ZERO));
    }

    @Test
    void mostlyInTheMemtable() {
        run(3, random -> StoreOptions.builder().memtableBytes(1 << 20));
    }

    @Test
    void defaults() {
        run(2, random -> StoreOptions.builder());
    }

    @Test
    void encrypted() {
        run(
                4,
                random -> StoreOptions.builder()
                        .memtableBytes(1024 + random.nextInt(30 * 1024))
                        .blockBytes(128 << random.nextInt(4))
                        .targetFileBytes(4096)
                        .bloomBitsPerKey(random.nextInt(3) * 5)
                        .bottomCompression(Compression.values()[random.nextInt(Compression.values().length)])
                        .encryption(TestKeys.provider("k"))
                        .encryptedOnly(true));
    }

    @Test
    void compressed() {
        Compression[] all = Compression.values();
        run(
                6,
                random -> StoreOptions.builder()
                        .memtableBytes(1024 + random.nextInt(30 * 1024))
                        .blockBytes(128 << random.nextInt(6))
                        .targetFileBytes(4096)
                        .bloomBitsPerKey(random.nextInt(3) * 5)
                        .compression(all[random.nextInt(all.length)])
                        .bottomCompression(all[1 + random.nextInt(all.length - 1)])
                        .encryption(random.nextInt(3) == 0 ? TestKeys.provider("k") : null));
    }

    private interface Options {
        StoreOptions.Builder of(Random random);
    }

    private static void run(int seeds, Options options) {
        Seeds.run(RandomStoreTest.class, seeds, seed -> {
            Random random = new Random(seed);
            StoreOptions.Builder builder = options.of(random);
            StoreOptions chosen = builder.valueFileThreshold(random.nextBoolean() ? 0 : 1 << random.nextInt(8))
                    .mergeFunction(MergeFunction.append((byte) ','))
                    .build();
            try (StoreActor actor = new StoreActor(random, chosen)) {
                for (int i = 0; i < OPERATIONS; i++) {
                    actor.act();
                }
                actor.finish();
            }
        });
    }
}
