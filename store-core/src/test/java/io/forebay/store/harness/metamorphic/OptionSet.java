package io.forebay.store.harness.metamorphic;

import io.forebay.store.CompactionFilter;
import io.forebay.store.Compression;
import io.forebay.store.Durability;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.TestKeys;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * Everything that must not change the answers of a history, as text {@code name=value ...}; what is not named has its
 * default.
 */
final class OptionSet {
    /** Who does background work, and when. */
    enum Background {
        /** A few pieces after an operation, as the seed has it. */
        STEPPED,
        /** All of it after every operation. */
        IMMEDIATE,
        /** Only what an operation waits for. */
        LAZY,
        /** Threads, as in production. */
        THREADS
    }

    /** Of stores that no history can fill. */
    private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put("memtable", "1048576");
        DEFAULTS.put("block", "4096");
        DEFAULTS.put("file", "67108864");
        DEFAULTS.put("bloom", "10");
        DEFAULTS.put("commit", "60");
        DEFAULTS.put("memory", "16777216");
        DEFAULTS.put("rangedel", "1048576");
        DEFAULTS.put("merge", "append");
        DEFAULTS.put("filter", "none");
        DEFAULTS.put("period", "2592000");
        DEFAULTS.put("encryption", "none");
        DEFAULTS.put("compression", "none");
        DEFAULTS.put("bottom", "none");
        DEFAULTS.put("values", "0");
        DEFAULTS.put("wal", "none");
        DEFAULTS.put("walbytes", "1048576");
        DEFAULTS.put("mapped", "no");
        DEFAULTS.put("background", "stepped");
        DEFAULTS.put("vary", "no");
        DEFAULTS.put("seed", "1");
    }

    private final Map<String, String> values;

    private OptionSet(Map<String, String> values) {
        this.values = values;
    }

    static OptionSet parse(String text) {
        Map<String, String> values = new LinkedHashMap<>(DEFAULTS);
        for (String word : text.trim().split(" +")) {
            String[] pair = word.split("=", 2);
            if (!word.isEmpty()) {
                if (!DEFAULTS.containsKey(pair[0])) {
                    throw new IllegalArgumentException(
                            "There is no option " + pair[0] + "; there are " + DEFAULTS.keySet());
                }
                values.put(pair[0], pair[1]);
            }
        }
        return new OptionSet(values);
    }

    /** Names of the options that have not their default. */
    List<String> special() {
        return values.keySet().stream()
                .filter(name -> !values.get(name).equals(DEFAULTS.get(name)))
                .toList();
    }

    OptionSet withDefault(String name) {
        return with(name, DEFAULTS.get(name));
    }

    OptionSet with(String name, String value) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.put(name, value);
        return new OptionSet(changed);
    }

    /** False when the history needs more memory than there is: an open iterator may keep memtables. */
    boolean accepts(History history) {
        return history.mostIterators() <= memory() >> 22;
    }

    long memory() {
        return Long.parseLong(values.get("memory"));
    }

    /** Heap bytes of range deletes at which files end. */
    long tombstoneBytes() {
        return Long.parseLong(values.get("rangedel"));
    }

    Durability durability() {
        return Durability.valueOf(values.get("wal").toUpperCase(Locale.ROOT));
    }

    /** Whether files can be mapped. */
    boolean mapped() {
        return values.get("mapped").equals("yes");
    }

    private Compression compression(String name) {
        return Compression.valueOf(values.get(name).toUpperCase(Locale.ROOT));
    }

    long seed() {
        return Long.parseLong(values.get("seed"));
    }

    Background background() {
        return Background.valueOf(values.get("background").toUpperCase(Locale.ROOT));
    }

    /** @param opening how many stores were opened before: with {@code vary} every opening has other options */
    StoreOptions storeOptions(String name, int opening, LongSupplier seconds) {
        OptionSet set = opening > 0 && values.get("vary").equals("yes") ? varied(opening) : this;
        return set.builder(seconds).name(name).build();
    }

    /** What the filters of all stores that are opened with it may do together. */
    Drops.Filter filter() {
        return switch (values.get("vary").equals("yes") ? "drop" : values.get("filter")) {
            case "drop" -> Drops.Filter.DROP;
            case "timed" -> Drops.Filter.TIMED;
            default -> Drops.Filter.NONE;
        };
    }

    private CompactionFilter compactionFilter(LongSupplier seconds) {
        return switch (values.get("filter")) {
            case "drop" -> Droppable.FILTER;
            case "timed" -> Droppable.expired(seconds);
            default -> null;
        };
    }

    private OptionSet varied(int opening) {
        OptionSet other = OptionSets.random(new Random(seed() * 31 + opening));
        // encryption is not undone by opening a store without, the memory is shared, and a log decides what comes back
        for (String name : List.of("encryption", "memtable", "wal")) {
            other = other.with(name, values.get(name));
        }
        return other;
    }

    private StoreOptions.Builder builder(LongSupplier seconds) {
        return StoreOptions.builder()
                .valueFileThreshold(Integer.parseInt(values.get("values")))
                .memtableBytes(Integer.parseInt(values.get("memtable")))
                .blockBytes(Integer.parseInt(values.get("block")))
                .targetFileBytes(Long.parseLong(values.get("file")))
                .bloomBitsPerKey(Integer.parseInt(values.get("bloom")))
                .commitInterval(Duration.ofSeconds(Long.parseLong(values.get("commit"))))
                .mergeFunction(values.get("merge").equals("append") ? APPEND : PLAIN)
                .compactionFilter(compactionFilter(seconds))
                .periodicCompaction(Duration.ofSeconds(Long.parseLong(values.get("period"))))
                .compression(compression("compression"))
                .bottomCompression(compression("bottom"))
                .durability(durability())
                .walBytes(Long.parseLong(values.get("walbytes")))
                .encryption(values.get("encryption").equals("none") ? null : TestKeys.provider("test-1"));
    }

    private static final MergeFunction APPEND = MergeFunction.append((byte) ',');
    /** The same, without the engine knowing that it could append in place. */
    private static final MergeFunction PLAIN = new MergeFunction() {
        @Override
        public String name() {
            return APPEND.name();
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> operands) {
            return APPEND.merge(key, operands);
        }
    };

    @Override
    public boolean equals(Object o) {
        return o instanceof OptionSet other && values.equals(other.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        special()
                .forEach(name ->
                        text.append(name).append('=').append(values.get(name)).append(' '));
        return text.toString().trim();
    }
}
