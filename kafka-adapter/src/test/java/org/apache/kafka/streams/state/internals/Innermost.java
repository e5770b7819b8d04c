package org.apache.kafka.streams.state.internals;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.streams.processor.StateStore;

/** Looks through Kafka's wrapping stores, for the proof that a suite of Kafka ran on Forebay. */
public final class Innermost {
    private Innermost() {}

    /** The store under all wrappers of Kafka. */
    public static StateStore of(StateStore store) {
        StateStore current = store;
        while (current instanceof WrappedStateStore<?, ?, ?> wrapper) {
            current = wrapper.wrapped();
        }
        return current;
    }

    /** Fails unless the store under all wrappers is exactly of the class {@code expected}; returns {@code store}. */
    public static <S extends StateStore> S mustBe(Class<? extends StateStore> expected, S store) {
        assertThat(of(store)).isExactlyInstanceOf(expected);
        return store;
    }
}
