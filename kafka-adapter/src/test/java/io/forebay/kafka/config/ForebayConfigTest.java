package io.forebay.kafka.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.ForebayDslStoreSuppliers;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForebayConfigTest {
    @Test
    void defaults() {
        ForebayConfig expected = new ForebayConfig(256L << 20, 2, Duration.ofSeconds(60), 32 << 20);
        assertThat(ForebayConfig.from(Map.of())).isEqualTo(expected);
        assertThat(ForebayConfig.from(null)).isEqualTo(expected);
        assertThat(ForebayConfig.from(Map.of("application.id", "a", "forebay.unknown", "x")))
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
                        1024)))
                .isEqualTo(new ForebayConfig(1 << 20, 64, Duration.ZERO, 1024));
    }

    @ParameterizedTest
    @CsvSource({
        "forebay.memory.bytes, 1048575",
        "forebay.memory.bytes, much",
        "forebay.background.threads, 0",
        "forebay.background.threads, 65",
        "forebay.commit.interval.ms, -1",
        "forebay.memtable.bytes, 1023",
        "forebay.memtable.bytes, 1073741825"
    })
    void badValuesAreRefusedByName(String key, String value) {
        assertThatThrownBy(() -> ForebayConfig.from(Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key)
                .hasMessageContaining(value);
        assertThatThrownBy(() -> new ForebayDslStoreSuppliers().configure(Map.of(key, value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(key);
    }

    @Test
    void everySettingIsDocumented() {
        assertThat(ForebayConfig.configDef().configKeys().values())
                .hasSize(4)
                .allSatisfy(key -> assertThat(key.documentation).hasSizeGreaterThan(40));
    }
}
