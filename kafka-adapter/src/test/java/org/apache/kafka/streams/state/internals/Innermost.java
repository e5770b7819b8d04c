package org.apache.kafka.streams.state.internals;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import org.apache.kafka.streams.processor.StateStore;

/** Looks through Kafka's wrapping stores, for the proof that a suite of Kafka ran on Forebay. */
public final class Innermost {
    private Innermost() {}

    /** The store under all wrappers of Kafka. */
    public static StateStore of(StateStore store) {
        StateStore current = store;
        while (true) {
            if (current instanceof WrappedStateStore<?, ?, ?> wrapper) {
                current = wrapper.wrapped();
            } else if (current.getClass().getSimpleName().endsWith("Adapter")) {
                current = adapted(current);
            } else {
                return current;
            }
        }
    }

    /** The adapters between value formats have no accessor for the store they adapt. */
    private static StateStore adapted(StateStore adapter) {
        try {
            Field store = adapter.getClass().getDeclaredField("store");
            store.setAccessible(true);
            return (StateStore) store.get(adapter);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("Cannot look through " + adapter.getClass(), e);
        }
    }

    /** Fails unless the store under all wrappers is exactly of the class {@code expected}; returns {@code store}. */
    public static <S extends StateStore> S mustBe(Class<? extends StateStore> expected, S store) {
        assertThat(of(store)).isExactlyInstanceOf(expected);
        return store;
    }
}
