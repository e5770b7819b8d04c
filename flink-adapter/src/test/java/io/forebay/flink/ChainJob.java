package io.forebay.flink;

import io.forebay.flink.ForebayOptions.TimerService;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.runtime.checkpoint.CompletedCheckpoint;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManagerBuilder;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingType;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.util.InstantiationUtil;

/** A job with real files: its JobManager, its subtasks, and a model of what its state should be. */
final class ChainJob implements AutoCloseable {
    static final int MAX_PARALLELISM = 20;

    /**
     * How a job is run.
     *
     * @param retained completed checkpoints that the JobManager keeps
     * @param threshold bytes below which state is kept in the metadata
     */
    record Settings(
            boolean incremental,
            boolean merging,
            boolean localRecovery,
            FileSystem files,
            int retained,
            int threshold) {}

    /** How a checkpoint ends. */
    enum Outcome {
        COMPLETED,
        /** It is complete, but the subtasks do not get to know. */
        COMPLETED_IN_SILENCE,
        ABORTED,
        /** Aborted before some subtasks were done; what they send then is thrown away. */
        ABORTED_EARLY
    }

    /** How many files checkpoints sent, and how many they only referred to. */
    int sent;

    int referred;

    private final Settings settings;
    private final ChainStorage storage;
    private final File local;
    private final ChainJobManager jobManager;
    private final Map<Long, KeyedModel> models = new TreeMap<>();
    private final Map<Long, List<KeyedStateHandle>> localCopies = new TreeMap<>();
    private final List<ChainSubtask> subtasks = new ArrayList<>();
    private KeyedModel model;
    private int taskManagers;

    @Nullable
    private FileMergingSnapshotManager merging;

    /** @param source of the state and its model, null for an empty job */
    ChainJob(
            File root,
            Settings settings,
            RecoveryClaimMode mode,
            @Nullable ChainSnapshot source,
            int parallelism,
            Random random)
            throws Exception {
        this.settings = settings;
        storage = new ChainStorage(
                new File(root, "checkpoints"), new JobID(), new JobVertexID(), settings.files(), settings.threshold());
        local = new File(root, "local");
        jobManager = new ChainJobManager(storage.job(), MAX_PARALLELISM, settings.retained(), mode);
        model = source == null
                ? new KeyedModel(MAX_PARALLELISM)
                : source.model().copy();
        try {
            startTaskManager();
            if (source != null) {
                jobManager.startFrom(source.pointer());
                models.put(jobManager.latest().getCheckpointID(), model.copy());
            }
            start(parallelism, random);
        } catch (Throwable t) {
            close();
            throw t;
        }
    }

    File directory() {
        return storage.directory();
    }

    List<ChainSubtask> subtasks() {
        return subtasks;
    }

    private void startTaskManager() {
        merging = settings.merging()
                ? new FileMergingSnapshotManagerBuilder(
                                storage.job(),
                                new ResourceID("tm-" + taskManagers++),
                                FileMergingType.MERGE_WITHIN_CHECKPOINT)
                        .build()
                : null;
    }

    private void start(int parallelism, Random random) throws Exception {
        CompletedCheckpoint latest = jobManager.latest();
        List<KeyedStateHandle> handles = new ArrayList<>();
        long id = -1;
        if (latest != null) {
            id = latest.getCheckpointID();
            OperatorState operator =
                    latest.getOperatorStates().values().iterator().next();
            List<KeyedStateHandle> copies = localCopies.getOrDefault(id, List.of());
            for (int i = 0; i < operator.getParallelism(); i++) {
                boolean here = !copies.isEmpty() && random.nextBoolean();
                operator.getState(i).getManagedKeyedState().forEach(here ? handle -> {} : handles::add);
                if (here) {
                    handles.add(copies.get(i));
                }
            }
        }
        List<KeyGroupRange> ranges = model.ranges(parallelism);
        TimerService timers = random.nextBoolean() ? TimerService.FOREBAY : TimerService.HEAP;
        for (int i = 0; i < parallelism; i++) {
            subtasks.add(new ChainSubtask(
                    storage,
                    settings,
                    local,
                    merging,
                    i,
                    parallelism,
                    MAX_PARALLELISM,
                    ranges.get(i),
                    timers,
                    id,
                    BackendHarness.assign(handles, ranges.get(i))));
            model.check(subtasks.get(i).states);
        }
    }

    /** All subtasks fail and start again from the newest state, perhaps at another parallelism or elsewhere. */
    void failOver(int parallelism, boolean elsewhere, Random random) throws Exception {
        stop();
        if (elsewhere) {
            if (merging != null) {
                merging.close();
            }
            localCopies.clear();
            startTaskManager();
        }
        CompletedCheckpoint latest = jobManager.latest();
        model = latest == null
                ? new KeyedModel(MAX_PARALLELISM)
                : models.get(latest.getCheckpointID()).copy();
        start(parallelism, random);
    }

    void change(Random random, int changes) throws Exception {
        List<KeyedModel.States> states = new ArrayList<>();
        subtasks.forEach(subtask -> states.add(subtask.states));
        model.change(random, states, changes);
    }

    void checkpoint(Outcome outcome) throws Exception {
        long id = jobManager.nextId();
        SnapshotType type = jobManager.checkpointType();
        List<KeyedStateHandle> copies = new ArrayList<>();
        List<OperatorSubtaskState> states = snapshot(id, type, null, copies);
        if (outcome == Outcome.ABORTED_EARLY) {
            states.get(0).discardState();
            abort(id, states.subList(1, states.size()));
            return;
        }
        if (outcome == Outcome.ABORTED) {
            abort(id, states);
            return;
        }
        for (OperatorSubtaskState state : states) {
            jobManager.acknowledge(id, state);
        }
        models.put(id, model.copy());
        if (!copies.isEmpty()) {
            localCopies.put(id, copies);
        }
        CompletedCheckpoint subsumed = jobManager.complete(id, states, storage.checkpoint(id));
        if (outcome == Outcome.COMPLETED) {
            for (ChainSubtask subtask : subtasks) {
                subtask.completed(id, subsumed == null ? -1 : subsumed.getCheckpointID());
            }
        }
    }

    private void abort(long id, List<OperatorSubtaskState> acknowledged) throws Exception {
        for (OperatorSubtaskState state : acknowledged) {
            jobManager.acknowledge(id, state);
            state.discardState();
        }
        storage.checkpoint(id).disposeOnFailure();
        for (ChainSubtask subtask : subtasks) {
            subtask.aborted(id);
        }
    }

    ChainSnapshot savepoint(SavepointFormatType format, File directory) throws Exception {
        long id = jobManager.nextId();
        List<OperatorSubtaskState> states = snapshot(id, SavepointType.savepoint(format), directory, new ArrayList<>());
        String pointer = jobManager.completeSavepoint(id, format, states, storage.savepoint(directory));
        // As for any other checkpoint; the JobManager has subsumed nothing.
        for (ChainSubtask subtask : subtasks) {
            subtask.completed(id, -1);
        }
        return new ChainSnapshot(pointer, model.copy());
    }

    private List<OperatorSubtaskState> snapshot(
            long id, SnapshotType type, @Nullable File savepoint, List<KeyedStateHandle> copies) throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        for (ChainSubtask subtask : subtasks) {
            ChainSubtask.Snapshot snapshot = subtask.snapshot(id, type, savepoint);
            if (snapshot.local() != null) {
                copies.add(snapshot.local());
            }
            OperatorSubtaskState state = InstantiationUtil.clone(snapshot.remote());
            int references = ChainSnapshot.references(state);
            referred += references;
            sent += ChainSnapshot.files(state) - references;
            states.add(state);
        }
        return states;
    }

    /** The newest checkpoint, which stays when the job is cancelled; null when the newest state is not of this job. */
    @Nullable
    ChainSnapshot latest() {
        CompletedCheckpoint latest = jobManager.latest();
        return latest != null && isOwn(latest) ? snapshot(latest) : null;
    }

    /**
     * Every checkpoint that is kept can be read from its metadata file.
     *
     * @param sourceDeleted whether the user has deleted the snapshot that the job was started from
     */
    void checkRetained(boolean sourceDeleted) throws Exception {
        for (CompletedCheckpoint checkpoint : jobManager.retained()) {
            if (isOwn(checkpoint) || !sourceDeleted) {
                snapshot(checkpoint).checkFiles();
            }
        }
    }

    private ChainSnapshot snapshot(CompletedCheckpoint checkpoint) {
        return new ChainSnapshot(checkpoint.getExternalPointer(), models.get(checkpoint.getCheckpointID()));
    }

    private boolean isOwn(CompletedCheckpoint checkpoint) {
        return checkpoint.getExternalPointer().contains(storage.job().toHexString());
    }

    void cancel() throws Exception {
        stop();
        jobManager.cancel();
    }

    private void stop() throws Exception {
        for (ChainSubtask subtask : subtasks) {
            subtask.close();
        }
        subtasks.clear();
    }

    @Override
    public void close() throws Exception {
        stop();
        if (merging != null) {
            merging.close();
            merging = null;
        }
    }
}
