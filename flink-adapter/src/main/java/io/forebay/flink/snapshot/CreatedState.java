package io.forebay.flink.snapshot;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.state.StateObject;
import org.apache.flink.runtime.state.StateUtil;

/**
 * What a snapshot has created in the checkpoint storage so far. It is discarded unless the snapshot completes.
 * Thread-safe.
 */
final class CreatedState {
    private final List<StateObject> created = new ArrayList<>();

    synchronized void add(StateObject object) {
        created.add(object);
    }

    synchronized void discard() {
        created.forEach(StateUtil::discardStateObjectQuietly);
        created.clear();
    }
}
