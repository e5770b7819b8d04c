package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.config.ForebayConfig;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SharedEnvironmentTest {
    private static final ForebayConfig SMALL = ForebayConfig.from(Map.of(ForebayConfig.MEMORY_BYTES_CONFIG, 8 << 20));

    @Test
    void storesOfOneApplicationShareAnEnvironment() {
        try (SharedEnvironment first = SharedEnvironment.lease("a", SMALL);
                SharedEnvironment second = SharedEnvironment.lease("a", SMALL)) {
            assertThat(second.environment()).isSameAs(first.environment());
            assertThat(first.environment().statistics().memoryBudget()).isEqualTo(8 << 20);
        }
    }

    @Test
    void otherApplicationsAndOtherSettingsHaveTheirOwn() {
        ForebayConfig bigger = ForebayConfig.from(Map.of(ForebayConfig.MEMORY_BYTES_CONFIG, 16 << 20));
        try (SharedEnvironment first = SharedEnvironment.lease("a", SMALL);
                SharedEnvironment other = SharedEnvironment.lease("b", SMALL);
                SharedEnvironment otherSettings = SharedEnvironment.lease("a", bigger)) {
            assertThat(other.environment()).isNotSameAs(first.environment());
            assertThat(otherSettings.environment()).isNotSameAs(first.environment());
        }
    }

    @Test
    void settingsOfSingleStoresDoNotSplitTheEnvironment() {
        ForebayConfig otherMemtable = ForebayConfig.from(
                Map.of(ForebayConfig.MEMORY_BYTES_CONFIG, 8 << 20, ForebayConfig.MEMTABLE_BYTES_CONFIG, 1 << 20));
        try (SharedEnvironment first = SharedEnvironment.lease("a", SMALL);
                SharedEnvironment second = SharedEnvironment.lease("a", otherMemtable)) {
            assertThat(second.environment()).isSameAs(first.environment());
        }
    }

    @Test
    void theLastLeaseClosesIt() {
        SharedEnvironment first = SharedEnvironment.lease("a", SMALL);
        SharedEnvironment second = SharedEnvironment.lease("a", SMALL);
        Environment environment = first.environment();
        first.close();
        first.close();
        environment.open(FileStores.inMemory(), StoreOptions.defaults()).close();
        second.close();
        assertThatThrownBy(() -> environment.open(FileStores.inMemory(), StoreOptions.defaults()))
                .isInstanceOf(StoreException.class);
        try (SharedEnvironment later = SharedEnvironment.lease("a", SMALL)) {
            assertThat(later.environment()).isNotSameAs(environment);
        }
    }
}
