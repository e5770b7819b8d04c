package io.forebay.flink.restore;

import java.util.List;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;

/**
 * Restores a checkpoint that has native and canonical parts. A job that starts from a canonical savepoint under the
 * changelog backend makes such checkpoints: the part of a subtask is that savepoint until the subtask has materialized
 * its state. After a rescale one subtask may restore parts of both kinds. Used by one thread, that of the task.
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
        // The native parts first: the store is made of them. They are also newer, so their serializers may have
        // changed.
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
