package org.apache.flink.state.common;

import java.util.concurrent.RunnableFuture;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;

/** Runs what Flink's changelog backend does from time to time, at once and on the thread of the caller. */
public final class Materialization {
    private Materialization() {}

    /** Fails when there is nothing to materialize. */
    public static void run(PeriodicMaterializationManager.MaterializationTarget backend) throws Exception {
        PeriodicMaterializationManager.MaterializationRunnable begun =
                backend.initMaterialization().orElseThrow();
        RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot = begun.getMaterializationRunnable();
        snapshot.run();
        backend.handleMaterializationResult(snapshot.get(), begun.getMaterializationID(), begun.getMaterializedTo());
    }
}
