package io.forebay.kafka.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.TestContexts;
import java.io.File;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForebayConfigTest {
    @Test
    void defaults() {
        ForebayConfig expected =
                new ForebayConfig(256L << 20, 2, Duration.ofSeconds(60), 32 << 20, 0, 1000, true, false);
        assertThat(ForebayConfig.from(Map.of())).isEqualTo(expected);
        assertThat(ForebayConfig.from(null)).isEqualTo(expected);
        assertThat(ForebayConfig.from(Map.of("application.id", "a", "my.forebay.memory.byte", "x")))
                .isEqualTo(expected);
    }

    @Test
    void numbersAndTheirTextsAreTaken() {
        assertThat(ForebayConfig.from(Map.of(
                        "forebay.memory.bytes",
                        1 << 20,
                        "forebay.background.threads",
                        "64",
                        "forebay.commit.interval.ms",
                        "0",
                        "forebay.memtable.bytes",
                        1024,
                        "forebay.value.file.threshold.bytes",
                        "1048576",
                        "forebay.max.open.files",
                        "16")))
                .isEqualTo(new ForebayConfig(1 << 20, 64, Duration.ZERO, 1024, 1 << 20, 16, true, false));
    }

    @ParameterizedTest
    @CsvSource({
        "forebay.memory.bytes, 1048575, from 1048576 on",
        "forebay.memory.bytes, much, from 1048576 on",
        "forebay.background.threads, 0, from 1 to 64",
        "forebay.background.threads, 65, from 1 to 64",
        "forebay.background.threads, 3.5, from 1 to 64",
        "forebay.background.threads, 99999999999, from 1 to 64",
        "forebay.commit.interval.ms, -1, from 0 on",
        "forebay.memtable.bytes, 1023, from 1024 to 1073741824",
        "forebay.memtable.bytes, 1073741825, from 1024 to 1073741824",
        "forebay.value.file.threshold.bytes, -1, from 0 to 1048576",
        "forebay.value.file.threshold.bytes, 1048577, from 0 to 1048576",
        "forebay.max.open.files, 15, from 16 to 1000000",
        "forebay.max.open.files, 1000001, from 16 to 1000000"
    })
    void badValuesAreRefusedByNameWithTheirRange(String key, String value, String range) {
        assertThatThrownBy(() -> ForebayConfig.from(Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(value)
                .hasMessageContaining(range);
        assertThatThrownBy(() -> new ForebayDslStoreSuppliers().configure(Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key);
    }

    @Test
    void longsAreTakenForIntegers() {
        assertThat(ForebayConfig.from(Map.of("forebay.background.threads", 2L, "forebay.max.open.files", 16L)))
                .isEqualTo(ForebayConfig.from(Map.of("forebay.max.open.files", 16)));
    }

    @Test
    void aSwitchThatIsNullIsRefusedByName() {
        Map<String, Object> configs = new HashMap<>();
        configs.put("forebay.keep.until.emitted", null);
        assertThatThrownBy(() -> ForebayConfig.from(configs))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("forebay.keep.until.emitted");
    }

    @Test
    void aValueThatIsNullIsRefusedByName() {
        Map<String, Object> configs = new HashMap<>();
        configs.put("forebay.memory.bytes", null);
        assertThatThrownBy(() -> ForebayConfig.from(configs))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("forebay.memory.bytes")
                .hasMessageContaining("from 1048576 on");
    }

    @ParameterizedTest
    @CsvSource({
        "forebay.memory.byte, forebay.memory.bytes",
        "forebay.memroy.bytes, forebay.memory.bytes",
        "forebay.memtable.size, forebay.memtable.bytes",
        "forebay.commit.interval, forebay.commit.interval.ms",
        "forebay.threads, forebay.background.threads",
        "forebay., forebay.map.files"
    })
    void unknownKeysAreRefusedWithTheClosestKnownOne(String key, String meant) {
        assertThatThrownBy(() -> ForebayConfig.from(Map.of(key, "1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key + ":")
                .hasMessageContaining("did you mean " + meant + "?");
    }

    @Test
    void propertiesCanBeCheckedBeforeAnythingIsBuilt() {
        Properties properties = new Properties();
        properties.put("application.id", "a");
        properties.put("forebay.memory.bytes", "1048576");
        ForebayStores.checkConfig(properties);
        properties.put("forebay.memory.byte", "1048576");
        assertThatThrownBy(() -> ForebayStores.checkConfig(properties)).isInstanceOf(ConfigException.class);
    }

    private static Properties application(String key, String value) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "a");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        properties.put(key, value);
        return properties;
    }

    @ParameterizedTest
    @CsvSource({"forebay.memory.byte, 1048576", "forebay.background.threads, 65"})
    void aDslApplicationIsNotBuilt(String key, String value) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("in").groupByKey().count();
        Properties properties = application(key, value);
        properties.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, ForebayDslStoreSuppliers.class);
        assertThatThrownBy(() -> new KafkaStreams(builder.build(), properties))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key);
    }

    /** Kafka tells such stores their configuration when a task opens them, and not before. */
    @ParameterizedTest
    @CsvSource({"forebay.memory.byte, 1048576", "forebay.background.threads, 65"})
    void aStoreOfTheProcessorApiFailsBeforeItTouchesTheDisk(String key, String value, @TempDir File dir) {
        var store = ForebayStores.persistentKeyValueStore("s").get();
        var context = TestContexts.unlogged(dir, Map.of(key, value));
        assertThatThrownBy(() -> store.init(context, store))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key);
        assertThat(new File(dir, "forebay")).doesNotExist();
    }

    @Test
    void everySettingIsDocumented() {
        assertThat(ForebayConfig.configDef().configKeys().values())
                .hasSize(8)
                .allSatisfy(key -> assertThat(key.documentation).hasSizeGreaterThan(40));
    }
}
