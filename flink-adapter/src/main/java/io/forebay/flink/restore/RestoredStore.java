package io.forebay.flink.restore;

import io.forebay.flink.snapshot.UploadHistory;
import io.forebay.store.Store;
import java.util.UUID;
import org.apache.flink.annotation.Internal;

/**
 * The result of a restore.
 *
 * @param store open; the caller closes it
 * @param history the files that the next checkpoint may refer to
 * @param backendId the id of the restored backend if this backend continues it, else a new id
 * @param generation the generation of the next native snapshots: one more than that of any restored native snapshot, else 0
 */
@Internal
public record RestoredStore(Store store, UploadHistory history, UUID backendId, long generation) {
    static RestoredStore withoutHistory(Store store) {
        return new RestoredStore(store, new UploadHistory(), UUID.randomUUID(), 0);
    }
}
