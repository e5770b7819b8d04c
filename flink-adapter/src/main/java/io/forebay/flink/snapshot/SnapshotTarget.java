package io.forebay.flink.snapshot;

import java.util.UUID;
import javax.annotation.Nullable;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.LocalRecoveryConfig;

/**
 * What all native snapshots of a backend have in common. Immutable.
 *
 * @param generation see {@link BackendMetadata#generation}
 * @param history null if snapshots do not share files
 */
record SnapshotTarget(
        KeyGroupRange keyGroups,
        UUID backendId,
        long generation,
        LocalRecoveryConfig localRecovery,
        CheckpointUploader uploader,
        @Nullable UploadHistory history) {
    boolean isIncremental() {
        return history != null;
    }
}
