package io.forebay.flink;

import java.io.IOException;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.v2.adaptor.AsyncKeyedStateBackendAdaptor;

/**
 * The asynchronous state API on top of a keyed backend, which it owns. Flink's own adaptor does not close or dispose of the
 * backend: with it, each attempt of a task would leave behind a store with its memory and its directory.
 *
 * @param <K> type of the keys
 */
final class ForebayAsyncKeyedStateBackend<K> extends AsyncKeyedStateBackendAdaptor<K> {
    private final AbstractKeyedStateBackend<K> backend;

    ForebayAsyncKeyedStateBackend(AbstractKeyedStateBackend<K> backend) {
        super(backend);
        this.backend = backend;
    }

    /** Ends asynchronous parts of snapshots; the state stays until {@link #dispose()}. */
    @Override
    public void close() throws IOException {
        backend.close();
    }

    @Override
    public void dispose() {
        backend.dispose();
    }
}
