package io.forebay.flink.registry;

import io.forebay.flink.key.KeyGroupRanges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshotReadersWriters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the entries that a snapshot has of a restored state which the job has not registered. The entries say what the
 * restored parts say. Static.
 */
final class PartSnapshots {
    private static final Logger LOG = LoggerFactory.getLogger(PartSnapshots.class);

    private PartSnapshots() {}

    /**
     * Returns one entry if all parts say the same. Otherwise parts that say the same share an entry, and each entry has its
     * key groups as an option. An entry with more ranges of key groups than an option has room for is divided.
     *
     * @throws IOException when a serializer snapshot cannot be written
     */
    static List<StateMetaInfoSnapshot> of(List<RestoredPart> parts) throws IOException {
        Map<ByteBuffer, StateMetaInfoSnapshot> snapshots = new LinkedHashMap<>();
        Map<ByteBuffer, List<KeyGroupRange>> keyGroups = new HashMap<>();
        for (RestoredPart part : parts) {
            StateMetaInfoSnapshot snapshot = snapshot(part);
            ByteBuffer written = write(snapshot);
            snapshots.putIfAbsent(written, snapshot);
            keyGroups.computeIfAbsent(written, none -> new ArrayList<>()).addAll(part.keyGroups());
        }
        if (snapshots.size() == 1) {
            return List.copyOf(snapshots.values());
        }
        List<StateMetaInfoSnapshot> entries = new ArrayList<>();
        snapshots.forEach((written, snapshot) -> {
            List<KeyGroupRange> ranges = KeyGroupRanges.union(keyGroups.get(written));
            for (int from = 0; from < ranges.size(); from += RestoredPart.MAX_RANGES_PER_ENTRY) {
                int to = Math.min(ranges.size(), from + RestoredPart.MAX_RANGES_PER_ENTRY);
                entries.add(withKeyGroups(snapshot, ranges.subList(from, to)));
            }
        });
        return List.copyOf(entries);
    }

    /** The snapshot of the restored serializers, as Flink writes it. If they cannot be restored, the snapshot as it was read. */
    private static StateMetaInfoSnapshot snapshot(RestoredPart part) {
        StateMetaInfoSnapshot read = part.snapshot();
        StateMetaInfoSnapshot snapshot;
        try {
            snapshot = part.metaInfo().snapshot();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn(
                    "The serializer of the state {} cannot be restored: its snapshot is passed on.", read.getName(), e);
            snapshot = read;
        }
        Map<String, String> options = new HashMap<>(snapshot.getOptionsImmutable());
        options.remove(RestoredPart.KEY_GROUPS);
        return copy(snapshot, options);
    }

    private static StateMetaInfoSnapshot withKeyGroups(StateMetaInfoSnapshot snapshot, List<KeyGroupRange> keyGroups) {
        Map<String, String> options = new HashMap<>(snapshot.getOptionsImmutable());
        options.put(RestoredPart.KEY_GROUPS, RestoredPart.format(keyGroups));
        return copy(snapshot, options);
    }

    private static StateMetaInfoSnapshot copy(StateMetaInfoSnapshot snapshot, Map<String, String> options) {
        return new StateMetaInfoSnapshot(
                snapshot.getName(),
                snapshot.getBackendStateType(),
                options,
                new LinkedHashMap<>(snapshot.getSerializerSnapshotsImmutable()));
    }

    private static ByteBuffer write(StateMetaInfoSnapshot snapshot) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(256);
        StateMetaInfoSnapshotReadersWriters.getWriter().writeStateMetaInfoSnapshot(snapshot, out);
        return ByteBuffer.wrap(out.getCopyOfBuffer());
    }
}
