package io.forebay.flink.restore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;

/** Opens the store of a backend with the state of its handles. */
@Internal
public interface RestoreOperation {
    /** Opens the store. Runs on the task thread. On failure nothing stays open. */
    RestoredStore restore() throws Exception;

    /** Makes the operation for handles of no, one or both kinds: native snapshots, and savepoints in canonical format. */
    static <K> RestoreOperation of(RestoreContext<K> context, Collection<KeyedStateHandle> handles) {
        List<IncrementalKeyedStateHandle> natives = new ArrayList<>();
        List<KeyedStateHandle> canonical = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            if (handle instanceof IncrementalKeyedStateHandle incremental) {
                natives.add(incremental);
            } else if (handle != null) {
                canonical.add(handle);
            }
        }
        if (natives.isEmpty() && canonical.isEmpty()) {
            return () -> RestoredStore.withoutHistory(context.environment().open(context.files(), context.options()));
        }
        if (natives.isEmpty()) {
            return new CanonicalRestore<>(context, canonical);
        }
        return canonical.isEmpty()
                ? new NativeRestore<>(context, natives)
                : new MixedRestore<>(context, natives, canonical);
    }
}
