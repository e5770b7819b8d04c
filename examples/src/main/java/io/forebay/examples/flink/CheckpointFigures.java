package io.forebay.examples.flink;

import java.util.ArrayList;
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
 * @param pauseMillis median over the checkpoints of the longest synchronous part on any task, -1 without a checkpoint
 * @param longestPauseMillis longest synchronous part of all
 * @param durationMillis median of the durations from trigger to completion, -1 without a checkpoint
 * @param stateBytes size of the newest one, shared files included
 */
record CheckpointFigures(
        long completed, long pauseMillis, long longestPauseMillis, long durationMillis, long stateBytes) {
    static final CheckpointFigures NONE = new CheckpointFigures(0, -1, -1, -1, -1);

    static CheckpointFigures of(MiniCluster cluster, JobID job) throws Exception {
        CheckpointStatsSnapshot stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
        if (stats == null || stats.getHistory().getLatestCompletedCheckpoint() == null) {
            return NONE;
        }
        List<Long> pauses = new ArrayList<>();
        for (AbstractCheckpointStats checkpoint : stats.getHistory().getCheckpoints()) {
            long pause = 0;
            for (TaskStateStats task : checkpoint.getAllTaskStateStats()) {
                for (SubtaskStateStats subtask : task.getSubtaskStats()) {
                    pause = Math.max(pause, subtask == null ? 0 : subtask.getSyncCheckpointDuration());
                }
            }
            pauses.add(pause);
        }
        pauses.sort(null);
        List<Long> durations = stats.getHistory().getCheckpoints().stream()
                .filter(CompletedCheckpointStats.class::isInstance)
                .map(AbstractCheckpointStats::getEndToEndDuration)
                .sorted()
                .toList();
        return new CheckpointFigures(
                stats.getCounts().getNumberOfCompletedCheckpoints(),
                pauses.get(pauses.size() / 2),
                pauses.get(pauses.size() - 1),
                durations.isEmpty() ? -1 : durations.get(durations.size() / 2),
                stats.getHistory().getLatestCompletedCheckpoint().getStateSize());
    }

    CheckpointFigures worstWith(CheckpointFigures other) {
        return new CheckpointFigures(
                completed + other.completed,
                Math.max(pauseMillis, other.pauseMillis),
                Math.max(longestPauseMillis, other.longestPauseMillis),
                Math.max(durationMillis, other.durationMillis),
                Math.max(stateBytes, other.stateBytes));
    }
}
