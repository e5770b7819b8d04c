package io.forebay.flink.restore;

import java.util.List;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;

/**
 * Restores a checkpoint whose parts are of both kinds. Jobs that begin from a canonical savepoint under the changelog backend
 * make such ones: each part is that savepoint until its subtask has materialized its state. A rescale brings them together.
 */
final class MixedRestore<K> implements RestoreOperation {
    private final RestoreContext<K> context;
    private final List<IncrementalKeyedStateHandle> natives;
    private final List<KeyedStateHandle> canonical;

    MixedRestore(
            RestoreContext<K> context, List<IncrementalKeyedStateHandle> natives, List<KeyedStateHandle> canonical) {
        this.context = context;
        this.natives = natives;
        this.canonical = canonical;
    }

    @Override
    public RestoredStore restore() throws Exception {
        checkDisjoint();
        // The native ones first: they make the store, and are the newer ones, whose serializers may know of more.
        RestoredStore restored = new NativeRestore<>(context, natives).restore();
        try {
            new CanonicalRestore<>(context, canonical).load(restored.store());
        } catch (Throwable t) {
            restored.store().discard();
            throw t;
        }
        return restored;
    }

    private void checkDisjoint() {
        for (IncrementalKeyedStateHandle ours : natives) {
            KeyGroupRange mine = ours.getKeyGroupRange().getIntersection(context.keyGroups());
            for (KeyedStateHandle other : canonical) {
                KeyGroupRange both = mine.getIntersection(other.getKeyGroupRange());
                if (both.getNumberOfKeyGroups() > 0) {
                    throw new IllegalStateException("The key groups " + both.prettyPrintInterval()
                            + " are in two parts of the snapshot, a native one and one in canonical format: " + ours
                            + " and " + other);
                }
            }
        }
    }
}
