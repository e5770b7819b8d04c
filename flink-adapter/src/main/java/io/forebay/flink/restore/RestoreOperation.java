package io.forebay.flink.restore;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;

/** Opens the store of a backend with the state that its handles stand for. */
@Internal
public interface RestoreOperation {
    /** Runs on the task thread. On failure nothing stays open. */
    RestoredStore restore() throws Exception;

    /** Chooses by the kind of the handles: none, native snapshots, or savepoints in canonical format. */
    static <K> RestoreOperation of(RestoreContext<K> context, Collection<KeyedStateHandle> handles) {
        List<KeyedStateHandle> present =
                handles.stream().filter(Objects::nonNull).collect(Collectors.toList());
        if (present.isEmpty()) {
            return () -> RestoredStore.withoutHistory(context.environment().open(context.files(), context.options()));
        }
        return present.get(0) instanceof IncrementalKeyedStateHandle
                ? new NativeRestore<>(context, present)
                : new CanonicalRestore<>(context, present);
    }
}
