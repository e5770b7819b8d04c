package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filemerging.SegmentFileStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;

/**
 * A snapshot as a user knows it.
 *
 * @param pointer the directory with its metadata file
 * @param model the state that it should hold
 */
record ChainSnapshot(String pointer, KeyedModel model) {
    /** The same one after the user has moved its directory. */
    ChainSnapshot movedTo(File directory) {
        return new ChainSnapshot(directory.toURI().toString(), model);
    }

    /** Whatever the metadata file on the disk names is there, in its full length. */
    void checkFiles() throws Exception {
        OperatorState operator = ChainJobManager.read(pointer);
        for (OperatorSubtaskState subtask : operator.getStates()) {
            for (KeyedStateHandle keyed : subtask.getManagedKeyedState()) {
                streams(keyed).forEach(stream -> checkFile(stream, keyed));
            }
        }
    }

    private void checkFile(StreamStateHandle stream, KeyedStateHandle keyed) {
        if (stream instanceof SegmentFileStateHandle segment) {
            assertThat(new File(segment.getFilePath().getPath()).length())
                    .as("%s, named by %s in %s", segment, keyed, pointer)
                    .isGreaterThanOrEqualTo(segment.getStartPos() + segment.getStateSize());
        } else if (stream instanceof FileStateHandle file) {
            assertThat(new File(file.getFilePath().getPath()))
                    .as("%s, named by %s in %s", file, keyed, pointer)
                    .hasSize(file.getStateSize());
        }
    }

    static int files(OperatorSubtaskState subtask) {
        int files = 0;
        for (KeyedStateHandle keyed : subtask.getManagedKeyedState()) {
            files += streams(keyed).size();
        }
        return files;
    }

    static int references(OperatorSubtaskState subtask) {
        int references = 0;
        for (KeyedStateHandle keyed : subtask.getManagedKeyedState()) {
            for (StreamStateHandle stream : streams(keyed)) {
                references += stream instanceof PlaceholderStreamStateHandle ? 1 : 0;
            }
        }
        return references;
    }

    private static List<StreamStateHandle> streams(KeyedStateHandle keyed) {
        List<StreamStateHandle> streams = new ArrayList<>();
        if (keyed instanceof IncrementalRemoteKeyedStateHandle incremental) {
            incremental.getSharedState().stream()
                    .map(HandleAndLocalPath::getHandle)
                    .forEach(streams::add);
            incremental.getPrivateState().stream()
                    .map(HandleAndLocalPath::getHandle)
                    .forEach(streams::add);
            streams.add(incremental.getMetaDataStateHandle());
        } else {
            streams.add(((KeyGroupsStateHandle) keyed).getDelegateStateHandle());
        }
        return streams;
    }
}
