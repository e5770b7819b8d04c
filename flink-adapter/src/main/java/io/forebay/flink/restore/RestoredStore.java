package io.forebay.flink.restore;

import io.forebay.flink.snapshot.UploadHistory;
import io.forebay.store.Store;
import java.util.UUID;
import org.apache.flink.annotation.Internal;

/**
 * The result of a restore.
 *
 * @param store open; the caller closes it
 * @param history files that the next checkpoint may reference
 * @param backendId the id of the restored backend if this one continues it, else a new one
 * @param generation of the native snapshots to come: one more than that of any native snapshot restored from, else 0
 */
@Internal
public record RestoredStore(Store store, UploadHistory history, UUID backendId, long generation) {
    static RestoredStore withoutHistory(Store store) {
        return new RestoredStore(store, new UploadHistory(), UUID.randomUUID(), 0);
    }
}
