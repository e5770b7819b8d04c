package io.forebay.flink;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.annotation.Nullable;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateBackend.KeyedStateBackendParameters;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.util.InstantiationUtil;

/**
 * The way that handles go before a backend is restored from them: the JobManager writes them into the metadata file of the
 * checkpoint, reads that file, perhaps in another process, and sends them to a TaskManager. Objects that a backend has made
 * know more than what comes out, so no test restores them: every keyed backend of a test is created from what this class
 * returns, and {@link RestoredFromMetadataTest} sees to it.
 */
final class MetadataTrip {
    private static final AtomicInteger TRIPS = new AtomicInteger();
    private static final int MAX_PARALLELISM = 1 << 15;

    private MetadataTrip() {}

    /**
     * Handles as they arrive, in order; local ones go the second half of the way only. Fails for a handle that refers to a
     * file without saying which, as one does until the JobManager has registered it.
     */
    static List<KeyedStateHandle> of(Collection<? extends KeyedStateHandle> handles) throws IOException {
        List<KeyedStateHandle> arrived = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            if (handle == null) {
                // Of a subtask without state.
                arrived.add(null);
                continue;
            }
            arrived.add(received(handle instanceof IncrementalLocalKeyedStateHandle ? handle : readBack(handle)));
            TRIPS.incrementAndGet();
        }
        return arrived;
    }

    /** Parameters of a backend whose handles have gone the way. */
    static <K> KeyedStateBackendParameters<K> of(KeyedStateBackendParameters<K> parameters) throws IOException {
        return new KeyedStateBackendParametersImpl<>(parameters).setStateHandles(of(parameters.getStateHandles()));
    }

    /** Handles that have gone the way since the last call. */
    static int takeCount() {
        return TRIPS.getAndSet(0);
    }

    private static KeyedStateHandle readBack(KeyedStateHandle handle) throws IOException {
        OperatorState operator = new OperatorState(null, null, new OperatorID(1, 1), 1, MAX_PARALLELISM);
        operator.putState(
                0, OperatorSubtaskState.builder().setManagedKeyedState(handle).build());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Checkpoints.storeCheckpointMetadata(new CheckpointMetadata(1, List.of(operator), List.of()), bytes);
        return readBack(bytes.toByteArray(), directory(handle))
                .getOperatorStates()
                .iterator()
                .next()
                .getState(0)
                .getManagedKeyedState()
                .iterator()
                .next();
    }

    private static CheckpointMetadata readBack(byte[] bytes, @Nullable File directory) throws IOException {
        // Flink looks at the file to find its directory.
        File file = directory == null ? null : File.createTempFile("metadata", "", directory);
        try {
            if (file != null) {
                Files.write(file.toPath(), bytes);
            }
            return Checkpoints.loadCheckpointMetadata(
                    new DataInputStream(new ByteArrayInputStream(bytes)),
                    MetadataTrip.class.getClassLoader(),
                    file == null ? "not a file" : file.getAbsolutePath());
        } finally {
            if (file != null) {
                Files.delete(file.toPath());
            }
        }
    }

    /** Where the metadata file would be: beside the stream that no other snapshot shares; null if that is in memory. */
    @Nullable
    private static File directory(KeyedStateHandle handle) {
        StreamStateHandle exclusive = null;
        if (handle instanceof IncrementalRemoteKeyedStateHandle incremental) {
            exclusive = incremental.getMetaDataStateHandle();
        } else if (handle instanceof KeyGroupsStateHandle full) {
            exclusive = full.getDelegateStateHandle();
        }
        return exclusive instanceof FileStateHandle file
                ? new File(file.getFilePath().getParent().getPath())
                : null;
    }

    private static KeyedStateHandle received(KeyedStateHandle handle) throws IOException {
        try {
            return InstantiationUtil.clone(handle);
        } catch (ClassNotFoundException e) {
            throw new IOException(e);
        }
    }
}
