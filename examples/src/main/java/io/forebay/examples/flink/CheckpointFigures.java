package io.forebay.examples.flink;

import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.checkpoint.AbstractCheckpointStats;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.checkpoint.SubtaskStateStats;
import org.apache.flink.runtime.checkpoint.TaskStateStats;
import org.apache.flink.runtime.minicluster.MiniCluster;

/**
 * What the JobManager knows of the checkpoints of a job.
 *
 * @param completed number of completed ones
 * @param pauseMillis longest synchronous part on any task
 * @param durationMillis median of the durations from trigger to completion, -1 without a checkpoint
 * @param stateBytes size of the newest one, shared files included
 */
record CheckpointFigures(long completed, long pauseMillis, long durationMillis, long stateBytes) {
    static final CheckpointFigures NONE = new CheckpointFigures(0, -1, -1, -1);

    static CheckpointFigures of(MiniCluster cluster, JobID job) throws Exception {
        CheckpointStatsSnapshot stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
        if (stats == null || stats.getHistory().getLatestCompletedCheckpoint() == null) {
            return NONE;
        }
        long pause = 0;
        for (AbstractCheckpointStats checkpoint : stats.getHistory().getCheckpoints()) {
            for (TaskStateStats task : checkpoint.getAllTaskStateStats()) {
                for (SubtaskStateStats subtask : task.getSubtaskStats()) {
                    pause = Math.max(pause, subtask == null ? 0 : subtask.getSyncCheckpointDuration());
                }
            }
        }
        List<Long> durations = stats.getHistory().getCheckpoints().stream()
                .filter(CompletedCheckpointStats.class::isInstance)
                .map(AbstractCheckpointStats::getEndToEndDuration)
                .sorted()
                .toList();
        return new CheckpointFigures(
                stats.getCounts().getNumberOfCompletedCheckpoints(),
                pause,
                durations.isEmpty() ? -1 : durations.get(durations.size() / 2),
                stats.getHistory().getLatestCompletedCheckpoint().getStateSize());
    }

    CheckpointFigures worstWith(CheckpointFigures other) {
        return new CheckpointFigures(
                completed + other.completed,
                Math.max(pauseMillis, other.pauseMillis),
                Math.max(durationMillis, other.durationMillis),
                Math.max(stateBytes, other.stateBytes));
    }
}
