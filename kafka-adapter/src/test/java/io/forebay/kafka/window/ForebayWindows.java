package io.forebay.kafka.window;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;

/** Finds the store of this package in what a supplier gives. */
final class ForebayWindows {
    private ForebayWindows() {}

    static ForebayWindowStore in(WindowStore<Bytes, byte[]> supplied) {
        return supplied instanceof WrappedStateStore<?, ?, ?> wrapper
                ? wrapper.findInner(ForebayWindowStore.class)
                : (ForebayWindowStore) supplied;
    }
}
