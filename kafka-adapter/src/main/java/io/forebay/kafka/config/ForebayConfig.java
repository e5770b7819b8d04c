package io.forebay.kafka.config;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;

/**
 * The {@code forebay.*} settings of a Kafka Streams application. They are given in the same properties as Kafka's own
 * settings. Immutable.
 *
 * @param memoryBytes bytes that all Forebay stores of the application in this JVM may use together
 * @param backgroundThreads threads for the flushes and compactions of all these stores
 * @param commitInterval how far the last durable commit of a store may be behind its last commit
 * @param memtableBytes bytes at which the memtable of a store is flushed
 * @param valueFileThresholdBytes bytes from which on a value is written to a value file; 0 for never
 * @param maxOpenFiles files of all these stores that stay open for reading
 * @param mapFiles whether files are read in place where the JDK can map them
 * @param keepUntilEmitted whether windows and sessions that are emitted when they close are kept until they have been
 *     emitted
 */
public record ForebayConfig(
        long memoryBytes,
        int backgroundThreads,
        Duration commitInterval,
        int memtableBytes,
        int valueFileThresholdBytes,
        int maxOpenFiles,
        boolean mapFiles,
        boolean keepUntilEmitted) {
    public static final String MEMORY_BYTES_CONFIG = "forebay.memory.bytes";
    public static final String BACKGROUND_THREADS_CONFIG = "forebay.background.threads";
    public static final String COMMIT_INTERVAL_MS_CONFIG = "forebay.commit.interval.ms";
    public static final String MEMTABLE_BYTES_CONFIG = "forebay.memtable.bytes";
    public static final String VALUE_FILE_THRESHOLD_BYTES_CONFIG = "forebay.value.file.threshold.bytes";
    public static final String MAX_OPEN_FILES_CONFIG = "forebay.max.open.files";
    public static final String MAP_FILES_CONFIG = "forebay.map.files";
    public static final String KEEP_UNTIL_EMITTED_CONFIG = "forebay.keep.until.emitted";

    private static final WholeNumbers MEMORY_BYTES = new WholeNumbers(1L << 20, Long.MAX_VALUE);
    private static final WholeNumbers BACKGROUND_THREADS = new WholeNumbers(1, 64);
    private static final WholeNumbers COMMIT_INTERVAL_MS = new WholeNumbers(0, Long.MAX_VALUE);
    private static final WholeNumbers MEMTABLE_BYTES = new WholeNumbers(1 << 10, 1 << 30);
    private static final WholeNumbers VALUE_FILE_THRESHOLD_BYTES = new WholeNumbers(0, 1 << 20);
    private static final WholeNumbers MAX_OPEN_FILES = new WholeNumbers(16, 1_000_000);

    private static final ConfigDef CONFIG = new ConfigDef()
            .define(
                    MEMORY_BYTES_CONFIG,
                    Type.LONG,
                    256L << 20,
                    MEMORY_BYTES,
                    Importance.HIGH,
                    "Bytes of memory that all Forebay stores of the application in this JVM use together for memtables, block cache "
                            + "and file metadata. A hard limit. The memory is direct memory, outside the Java heap.")
            .define(
                    BACKGROUND_THREADS_CONFIG,
                    Type.INT,
                    2,
                    BACKGROUND_THREADS,
                    Importance.MEDIUM,
                    "Threads for the flushes and compactions of all Forebay stores of the application in this JVM.")
            .define(
                    COMMIT_INTERVAL_MS_CONFIG,
                    Type.LONG,
                    60_000L,
                    COMMIT_INTERVAL_MS,
                    Importance.MEDIUM,
                    "How many milliseconds the last durable commit of a store may be behind its last commit. After a crash a store "
                            + "is at its last durable commit, and the changelog is replayed from there. 0 makes every commit start "
                            + "a flush.")
            .define(
                    MEMTABLE_BYTES_CONFIG,
                    Type.INT,
                    32 << 20,
                    MEMTABLE_BYTES,
                    Importance.LOW,
                    "Bytes at which the memtable of one store is flushed to a file. The memory limit may make it flush earlier.")
            .define(
                    VALUE_FILE_THRESHOLD_BYTES_CONFIG,
                    Type.INT,
                    0,
                    VALUE_FILE_THRESHOLD_BYTES,
                    Importance.LOW,
                    "Bytes from which on a value is written to a value file beside the file with its key, which compactions do not "
                            + "write again. 0 for never.")
            .define(
                    MAX_OPEN_FILES_CONFIG,
                    Type.INT,
                    1000,
                    MAX_OPEN_FILES,
                    Importance.LOW,
                    "How many files of all Forebay stores of the application in this JVM stay open for reading. A file is opened "
                            + "when it is read, and the one that was not read for longest is closed for it.")
            .define(
                    MAP_FILES_CONFIG,
                    Type.BOOLEAN,
                    true,
                    new ConfigDef.NonNullValidator(),
                    Importance.LOW,
                    "Whether what is not in the block cache is read in place in the page cache of the system, if it is "
                            + "there. It has an effect on JDK 22 and later, not on Windows. The page cache is not part of "
                            + "the memory of Forebay, but the resident memory of the process counts what is mapped of it.")
            .define(
                    KEEP_UNTIL_EMITTED_CONFIG,
                    Type.BOOLEAN,
                    false,
                    new ConfigDef.NonNullValidator(),
                    Importance.MEDIUM,
                    "Whether windows and sessions that are emitted when they close are kept until they have been emitted. By "
                            + "default, as with Kafka's own stores, they are lost when stream time moves past their retention "
                            + "first. This happens while an application catches up, because Kafka looks for closed windows once "
                            + "a second only.");

    /** Returns a new copy of the names, types, defaults and documentation of all settings. */
    public static ConfigDef configDef() {
        return new ConfigDef(CONFIG);
    }

    /**
     * Reads the settings from the configuration of an application. Keys that do not start with {@code forebay.} are
     * ignored: they do not belong to Forebay.
     *
     * @param configs null means the defaults
     * @throws ConfigException for a value that is not allowed (the message names key, value and range), and for an unknown
     *     key that starts with {@code forebay.} (the message names the known key that is closest to it)
     */
    public static ForebayConfig from(Map<?, ?> configs) {
        Map<?, ?> given = configs == null ? Map.of() : configs;
        UnknownKeys.refuse(given.keySet(), CONFIG.names());
        Map<String, Object> known = new HashMap<>();
        CONFIG.configKeys().forEach((name, key) -> {
            if (given.containsKey(name)) {
                known.put(name, number(key, given.get(name)));
            }
        });
        Map<String, Object> values = CONFIG.parse(known);
        return new ForebayConfig(
                (Long) values.get(MEMORY_BYTES_CONFIG),
                (Integer) values.get(BACKGROUND_THREADS_CONFIG),
                Duration.ofMillis((Long) values.get(COMMIT_INTERVAL_MS_CONFIG)),
                (Integer) values.get(MEMTABLE_BYTES_CONFIG),
                (Integer) values.get(VALUE_FILE_THRESHOLD_BYTES_CONFIG),
                (Integer) values.get(MAX_OPEN_FILES_CONFIG),
                (Boolean) values.get(MAP_FILES_CONFIG),
                (Boolean) values.get(KEEP_UNTIL_EMITTED_CONFIG));
    }

    private static Object number(ConfigDef.ConfigKey key, Object value) {
        try {
            Object given = value instanceof Long number && key.type == Type.INT ? number.toString() : value;
            return ConfigDef.parseType(key.name, given, key.type);
        } catch (ConfigException e) {
            throw key.validator instanceof WholeNumbers numbers ? numbers.refusal(key.name, value) : e;
        }
    }
}
