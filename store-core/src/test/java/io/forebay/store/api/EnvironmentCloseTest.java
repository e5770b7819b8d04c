package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Environment;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import org.junit.jupiter.api.Test;

/** Each store of an environment is closed, whatever the close of another one throws. */
class EnvironmentCloseTest {
    private static final byte[] KEY = {1};

    @Test
    void anErrorInOneStoreLeavesNoOtherOpen() {
        Environment environment = Environment.builder().memoryBytes(2 << 20).build();
        AssertionError error = new AssertionError("of the user's filter");
        Store failing = environment.open(
                new MemoryFileStore(),
                StoreOptions.builder()
                        .compactionFilter((key, keyLength, value, valueLength) -> {
                            throw error;
                        })
                        .build());
        MemoryFileStore files = new MemoryFileStore();
        Store other = environment.open(files, StoreOptions.defaults());
        failing.put(KEY, KEY);
        failing.commit(KEY);
        other.put(KEY, KEY);
        other.commit(KEY);

        assertThatThrownBy(environment::close).hasStackTraceContaining(error.getMessage());

        try (Environment next = Environment.builder().memoryBytes(2 << 20).build();
                Store again = next.open(files, StoreOptions.defaults())) {
            assertThat(again.durablePayload()).isEqualTo(KEY);
            assertThat(again.get(KEY)).isEqualTo(KEY);
        }
    }
}
