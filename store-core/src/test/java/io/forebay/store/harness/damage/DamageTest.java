package io.forebay.store.harness.damage;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.StoreOptions;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.harness.damage.DamagedStore.Outcome;
import io.forebay.store.testing.Effort;
import io.forebay.store.testing.Figures;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every flipped bit, every truncation and every zeroed sector of every file of a small store and of a checkpoint: noticed by
 * an error that names the file, or without any influence on any answer. What cannot be told from a crash, the end of a
 * manifest that was never written, may lead to an earlier commit, but to a whole one.
 */
class DamageTest {
    private static final int SECTOR = 512;
    /** Every so manieth bit of the files of a store with anything switched on; all of them in the long profile. */
    private static final int OTHER_STEP = (int) Effort.of("damage.step", 5, 1);

    private static final Figures FIGURES = new Figures(DamageTest.class);

    private static final KeyProvider KEYS = KeyProviders.ofKeys("master", Map.of("master", new byte[32]));

    enum Variant {
        PLAIN(options -> options),
        ENCRYPTED(options -> options.encryption(KEYS).encryptedOnly(true)),
        COMPRESSED(options -> options.compression(Compression.LZ4).bottomCompression(Compression.ZSTD)),
        BOTH(options -> options.encryption(KEYS).compression(Compression.ZSTD).bottomCompression(Compression.LZ4)),
        VALUES(options -> options.valueFileThreshold(4)),
        ENCRYPTED_VALUES(
                options -> options.valueFileThreshold(1).encryption(KEYS).encryptedOnly(true)),
        LOGGED(options -> options.blockBytes(4096)) {
            @Override
            SmallStore make() {
                return SmallStore.makeLogged(options);
            }
        };

        final UnaryOperator<StoreOptions.Builder> options;

        Variant(UnaryOperator<StoreOptions.Builder> options) {
            this.options = options;
        }

        SmallStore make() {
            return SmallStore.make(options);
        }
    }

    private interface Attempt {
        Outcome with(byte[] bytes);
    }

    @AfterAll
    static void report() {
        FIGURES.write();
    }

    @ParameterizedTest
    @EnumSource
    void everyBitOfEveryFile(Variant variant) {
        SmallStore store = variant.make();
        try (DamagedStore damaged = new DamagedStore(store)) {
            for (Map.Entry<String, byte[]> file : store.files().entrySet()) {
                String name = file.getKey();
                int step = variant == Variant.PLAIN ? 1 : OTHER_STEP;
                Map<Outcome, Integer> outcomes = flip(file.getValue(), name, step, bytes -> damaged.open(name, bytes));
                if (name.startsWith("WAL")) {
                    // What lies before the files' newest write is not read.
                    assertThat(outcomes).as(name).containsKey(Outcome.DETECTED).doesNotContainKey(Outcome.EARLIER);
                } else if (name.endsWith(".val")) {
                    // Reads do not look at the magic at the front, or at values that nothing refers to any more.
                    assertThat(outcomes).as(name).containsKey(Outcome.DETECTED).doesNotContainKey(Outcome.EARLIER);
                } else {
                    assertThat(outcomes).as(name).containsOnlyKeys(Outcome.DETECTED);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyBitOfACheckpoint(Variant variant) {
        SmallStore store = variant.make();
        String metadata = CheckpointManifest.FILE_NAME;
        try (DamagedStore damaged = new DamagedStore(store)) {
            byte[] bytes = store.checkpoint().get(metadata);
            Map<Outcome, Integer> outcomes =
                    flip(bytes, metadata, 1, changed -> damaged.restore(metadata, metadata, changed));
            assertThat(outcomes).containsOnlyKeys(Outcome.DETECTED);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyLengthOfEveryFile(Variant variant) {
        SmallStore store = variant.make();
        try (DamagedStore damaged = new DamagedStore(store)) {
            for (Map.Entry<String, byte[]> file : store.files().entrySet()) {
                String name = file.getKey();
                Map<Outcome, Integer> outcomes = truncate(file.getValue(), name, bytes -> damaged.open(name, bytes));
                if (name.endsWith(".sst")) {
                    assertThat(outcomes).as(name).containsOnlyKeys(Outcome.DETECTED);
                }
            }
            for (Map.Entry<String, byte[]> file : store.checkpoint().entrySet()) {
                String name = file.getKey();
                Map<Outcome, Integer> outcomes = truncate(
                        file.getValue(), name, bytes -> damaged.restore(CheckpointManifest.FILE_NAME, name, bytes));
                assertThat(outcomes).as(name).containsOnlyKeys(Outcome.DETECTED);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyZeroedSectorOfEveryFile(Variant variant) {
        SmallStore store = variant.make();
        try (DamagedStore damaged = new DamagedStore(store)) {
            for (Map.Entry<String, byte[]> file : store.files().entrySet()) {
                String name = file.getKey();
                zero(file.getValue(), name, bytes -> damaged.open(name, bytes));
            }
            for (Map.Entry<String, byte[]> file : store.checkpoint().entrySet()) {
                String name = file.getKey();
                zero(file.getValue(), name, bytes -> damaged.restore(CheckpointManifest.FILE_NAME, name, bytes));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyFileThatIsNotThere(Variant variant) {
        SmallStore store = variant.make();
        try (DamagedStore damaged = new DamagedStore(store)) {
            for (String name : store.files().keySet()) {
                attempt(name + " is missing", null, bytes -> damaged.open(name, bytes));
            }
        }
    }

    private static Map<Outcome, Integer> flip(byte[] bytes, String name, int step, Attempt attempt) {
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int bit = bytes.length % step; bit < bytes.length * 8; bit += step) {
            byte[] changed = bytes.clone();
            changed[bit / 8] ^= (byte) (0x80 >>> bit % 8);
            outcomes.merge(attempt(name + ", bit " + bit, changed, attempt), 1, Integer::sum);
        }
        count("bits", kind(name), outcomes);
        return outcomes;
    }

    private static Map<Outcome, Integer> truncate(byte[] bytes, String name, Attempt attempt) {
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int length = 0; length < bytes.length; length++) {
            byte[] changed = Arrays.copyOf(bytes, length);
            outcomes.merge(attempt(name + ", the first " + length + " bytes", changed, attempt), 1, Integer::sum);
        }
        count("lengths", kind(name), outcomes);
        return outcomes;
    }

    private static void zero(byte[] bytes, String name, Attempt attempt) {
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int from = 0; from < bytes.length; from += SECTOR) {
            byte[] changed = bytes.clone();
            Arrays.fill(changed, from, Math.min(bytes.length, from + SECTOR), (byte) 0);
            outcomes.merge(attempt(name + ", zeros at " + from, changed, attempt), 1, Integer::sum);
        }
        count("sectors", kind(name), outcomes);
    }

    private static Outcome attempt(String what, byte[] changed, Attempt attempt) {
        try {
            return attempt.with(changed);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
    }

    private static void count(String what, String kind, Map<Outcome, Integer> outcomes) {
        outcomes.forEach((outcome, count) ->
                FIGURES.add(what + "." + kind + "." + outcome.name().toLowerCase(java.util.Locale.ROOT), count));
    }

    private static String kind(String name) {
        return name.endsWith(".sst") || name.endsWith(".val")
                ? name.substring(name.length() - 3)
                : name.startsWith("MANIFEST") ? "manifest" : name.startsWith("WAL") ? "wal" : "checkpoint";
    }
}
