package io.forebay.flink.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.snapshot.UploadHistory.Upload;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.RelativeFileStateHandle;
import org.apache.flink.runtime.state.memory.ByteStreamStateHandle;
import org.junit.jupiter.api.Test;

class UploadHistoryTest {
    private final UploadHistory history = new UploadHistory();

    private static StreamStateHandle handle(String name) {
        return new ByteStreamStateHandle(name, new byte[1]);
    }

    /** A checkpoint with files {@code +name} that it uploads, and {@code name} that it refers to. */
    private void checkpoint(long id, String... files) {
        Map<String, Upload> uploads = new HashMap<>();
        for (String file : files) {
            boolean fresh = file.startsWith("+");
            String name = fresh ? file.substring(1) : file;
            uploads.put(name, new Upload(handle(name + "@" + id), fresh));
        }
        history.uploaded(id, uploads);
    }

    @Test
    void nothingIsReusableBeforeACheckpointCompletes() {
        checkpoint(1, "+a");
        assertThat(history.reusable()).isEmpty();
        history.completed(1);
        assertThat(history.reusable()).containsOnlyKeys("a");
    }

    @Test
    void theLastCompletedCheckpointCounts() {
        checkpoint(1, "+a", "+b");
        history.completed(1);
        checkpoint(2, "a", "+c");
        assertThat(history.reusable()).containsOnlyKeys("a", "b");
        history.completed(2);
        assertThat(history.reusable()).containsOnlyKeys("a", "c");
        history.completed(1);
        assertThat(history.reusable()).containsOnlyKeys("a", "c");
    }

    @Test
    void filesThatALaterCheckpointUploadedAgainAreNotReusable() {
        checkpoint(1, "+a", "+b");
        checkpoint(2, "+a", "+c");
        history.completed(1);
        assertThat(history.reusable()).containsOnlyKeys("b");
        history.completed(2);
        assertThat(history.reusable()).containsOnlyKeys("a", "c");
        assertThat(history.reusable().get("a")).isEqualTo(handle("a@2"));
    }

    @Test
    void abortedCheckpointsDoNotCount() {
        checkpoint(1, "+a");
        history.completed(1);
        checkpoint(2, "+a", "+b");
        history.aborted(2);
        assertThat(history.reusable()).containsOnlyKeys("a");
        history.completed(2);
        assertThat(history.reusable()).containsOnlyKeys("a");
    }

    @Test
    void savepointsLeaveTheHistoryAlone() {
        checkpoint(1, "+a");
        history.completed(1);
        history.completed(2);
        assertThat(history.reusable()).containsOnlyKeys("a");
        checkpoint(3, "a");
        history.completed(3);
        assertThat(history.reusable()).containsOnlyKeys("a");
    }

    @Test
    void aRestoredCheckpointIsACompletedOne() {
        history.restored(Map.of("a", handle("a@7")));
        assertThat(history.reusable()).containsOnlyKeys("a");
        history.completed(7);
        history.aborted(7);
        assertThat(history.reusable()).containsOnlyKeys("a");
        checkpoint(8, "+a");
        assertThat(history.reusable()).isEmpty();
        history.completed(8);
        assertThat(history.reusable().get("a")).isEqualTo(handle("a@8"));
    }

    @Test
    void anUploadThatEndsAfterALaterCheckpointHasCompletedDoesNotCount() {
        checkpoint(2, "+a");
        history.completed(2);
        checkpoint(1, "+a");
        assertThat(history.reusable()).containsOnlyKeys("a");
        history.completed(1);
        assertThat(history.reusable().get("a")).isEqualTo(handle("a@2"));
    }

    /** Savepoints of old list theirs as shared. */
    @Test
    void filesWhosePathsAreRelativeToASavepointAreNotReusable() {
        StreamStateHandle relative = new RelativeFileStateHandle(new Path("file:/savepoint/b"), "b", 1);
        history.restored(Map.of("a", handle("a@7"), "b", relative));
        assertThat(history.reusable()).containsOnlyKeys("a");
    }
}
