package io.forebay.kafka.config;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;

/**
 * The {@code forebay.*} settings of a Kafka Streams application; they are given in the same properties as Kafka's own.
 * Immutable.
 *
 * @param memoryBytes bytes that all Forebay stores of the application in this JVM may use together
 * @param backgroundThreads threads for flushes and compactions of all those stores
 * @param commitInterval how far the last durable commit of a store may be behind its last commit
 * @param memtableBytes bytes at which the memtable of a store is flushed
 */
public record ForebayConfig(long memoryBytes, int backgroundThreads, Duration commitInterval, int memtableBytes) {
    public static final String MEMORY_BYTES_CONFIG = "forebay.memory.bytes";
    public static final String BACKGROUND_THREADS_CONFIG = "forebay.background.threads";
    public static final String COMMIT_INTERVAL_MS_CONFIG = "forebay.commit.interval.ms";
    public static final String MEMTABLE_BYTES_CONFIG = "forebay.memtable.bytes";

    private static final ConfigDef CONFIG = new ConfigDef()
            .define(
                    MEMORY_BYTES_CONFIG,
                    Type.LONG,
                    256L << 20,
                    Range.atLeast(1L << 20),
                    Importance.HIGH,
                    "Bytes of memory that all Forebay stores of the application in this JVM use together for memtables, block cache "
                            + "and file metadata. A hard limit. The memory is direct memory, outside the Java heap.")
            .define(
                    BACKGROUND_THREADS_CONFIG,
                    Type.INT,
                    2,
                    Range.between(1, 64),
                    Importance.MEDIUM,
                    "Threads for the flushes and compactions of all Forebay stores of the application in this JVM.")
            .define(
                    COMMIT_INTERVAL_MS_CONFIG,
                    Type.LONG,
                    60_000L,
                    Range.atLeast(0L),
                    Importance.MEDIUM,
                    "How many milliseconds the last durable commit of a store may be behind its last commit. After a crash a store "
                            + "is at its last durable commit, and the changelog is replayed from there. 0 makes every commit start "
                            + "a flush.")
            .define(
                    MEMTABLE_BYTES_CONFIG,
                    Type.INT,
                    32 << 20,
                    Range.between(1 << 10, 1 << 30),
                    Importance.LOW,
                    "Bytes at which the memtable of one store is flushed to a file. The memory limit may make it flush earlier.");

    /** Names, types, defaults and documentation of the settings; a copy. */
    public static ConfigDef configDef() {
        return new ConfigDef(CONFIG);
    }

    /**
     * Reads the settings out of the configuration of an application; other keys are ignored.
     *
     * @param configs null means the defaults
     * @throws ConfigException naming the key, for a value that is not allowed
     */
    public static ForebayConfig from(Map<String, ?> configs) {
        Map<String, Object> values = CONFIG.parse(configs == null ? Map.of() : configs);
        return new ForebayConfig(
                (Long) values.get(MEMORY_BYTES_CONFIG),
                (Integer) values.get(BACKGROUND_THREADS_CONFIG),
                Duration.ofMillis((Long) values.get(COMMIT_INTERVAL_MS_CONFIG)),
                (Integer) values.get(MEMTABLE_BYTES_CONFIG));
    }
}
