package io.forebay.store.compaction;

import io.forebay.store.CompactionFilter;
import io.forebay.store.MergeFunction;
import io.forebay.store.flush.OlderFiles;
import io.forebay.store.flush.SplitKeys;
import io.forebay.store.flush.SstOutput;
import io.forebay.store.flush.SstTarget;
import io.forebay.store.iter.Retention;
import io.forebay.store.iter.RetentionIterator;
import io.forebay.store.iter.Source;
import io.forebay.store.sst.InputHeat;
import io.forebay.store.util.Cancellation;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Carries out one {@link Compaction}. Used by one thread, but for {@link #cancel}; runs once. It changes no version: the caller
 * applies the edit of the result. Reads past the block cache, which gets of the outputs what it had of the inputs ({@link InputHeat}).
 */
public final class CompactionJob {
    private final Compaction compaction;
    private final Version version;
    private final SstTarget target;
    private final long[] snapshotSequences;
    private final long durableSequence;
    private final MergeFunction mergeFunction;
    private final CompactionFilter filter;
    private final Cancellation cancellation = new Cancellation();

    /**
     * @param version the version that the compaction was picked from; the caller keeps a reference to it until the end of the
     *     job
     * @param snapshotSequences ascending, distinct, read after the version
     * @param durableSequence sequence number of the durable commit
     * @param mergeFunction may be null
     * @param filter may be null
     */
    public CompactionJob(
            Compaction compaction,
            Version version,
            SstTarget target,
            long[] snapshotSequences,
            long durableSequence,
            MergeFunction mergeFunction,
            CompactionFilter filter) {
        this.compaction = compaction;
        this.version = version;
        this.target = target;
        this.snapshotSequences = snapshotSequences.clone();
        this.durableSequence = durableSequence;
        this.mergeFunction = mergeFunction;
        this.filter = filter;
    }

    /**
     * @return null when the job was cancelled; then no new file is left
     * @throws IOException when files cannot be read or written, or when the result has no place in the very version that the
     *     compaction was picked from. Without this error the same compaction would be picked forever, and its result be thrown
     *     away each time
     */
    public CompactionResult run() throws IOException {
        CompactionResult result = carryOut();
        if (result != null && !result.hasPlaceIn(version)) {
            result.release();
            throw new IOException("The result of a compaction of files " + compaction.fileIds() + " to run "
                    + compaction.outputRank() + " overlaps files of that run which are not among its inputs");
        }
        return result;
    }

    private CompactionResult carryOut() throws IOException {
        VersionEdit edit = new VersionEdit();
        for (Compaction.Input input : compaction.inputs()) {
            input.files().forEach(file -> edit.remove(input.rank(), file));
        }
        switch (compaction.kind()) {
            case DROP -> {
                return new CompactionResult(edit, List.of(), 0, 0);
            }
            case MOVE -> {
                compaction.files().forEach(file -> edit.add(compaction.outputRank(), file));
                return new CompactionResult(edit, List.of(), 0, 0);
            }
            default -> {
                List<FileMeta> outputs = merge();
                if (outputs == null) {
                    return null;
                }
                outputs.forEach(file -> edit.add(compaction.outputRank(), file));
                return new CompactionResult(edit, outputs, compaction.inputBytes(), bytes(outputs));
            }
        }
    }

    /** What was written: the outputs, and those of their value files that the inputs did not have. */
    private long bytes(List<FileMeta> outputs) {
        Set<FileId> before = new HashSet<>();
        compaction.files().forEach(file -> file.info().valueFiles().forEach(share -> before.add(FileId.of(share))));
        long sum = 0;
        for (FileMeta file : outputs) {
            sum += file.fileBytes();
            for (ValueShare share : file.info().valueFiles()) {
                sum += before.add(FileId.of(share)) ? share.fileBytes() : 0;
            }
        }
        return sum;
    }

    /** Makes {@link #run()} end soon. Any thread, any time. */
    public void cancel() {
        cancellation.cancel();
    }

    private List<FileMeta> merge() throws IOException {
        Retention retention = new Retention(
                snapshotSequences,
                -1,
                Long.MAX_VALUE,
                durableSequence,
                new OlderFiles(olderRuns()),
                mergeFunction,
                filter,
                target.foldBytes());
        InputHeat heat = new InputHeat(compaction.inputs().size());
        try (RetentionIterator entries = new RetentionIterator(openSources(heat), retention, cancellation);
                SstOutput output = openOutput(entries, heat)) {
            output.addAll(entries);
            cancellation.check();
            return output.finish();
        } catch (CancellationException e) {
            if (!cancellation.isCancelled()) {
                throw e; // thrown by a merge function or a filter
            }
            return null;
        }
    }

    private List<Source> openSources(InputHeat heat) throws IOException {
        List<Source> sources = new ArrayList<>();
        try {
            for (Compaction.Input input : compaction.inputs()) {
                sources.add(Version.source(input.files(), heat));
            }
        } catch (IOException | RuntimeException | Error e) {
            sources.forEach(source -> source.iterator().close());
            throw e;
        }
        return sources;
    }

    private List<SortedRun> olderRuns() {
        long oldestInput =
                compaction.inputs().get(compaction.inputs().size() - 1).rank();
        List<SortedRun> older = new ArrayList<>();
        for (SortedRun run : version.runs()) {
            if (run.rank() < oldestInput) {
                older.add(run);
            }
        }
        return older;
    }

    /** Tiers are split at the split keys of the bottom run, so that parts of them can be merged into it later. */
    private SstOutput openOutput(RetentionIterator entries, InputHeat heat) {
        long oldest = snapshotSequences.length == 0 ? Long.MAX_VALUE : snapshotSequences[0];
        Set<FileId> garbage = ValueGarbage.of(version.runs(), Math.min(durableSequence, oldest))
                .files();
        if (compaction.isBottom()) {
            return new SstOutput(
                    target.atBottom(), entries::cutTombstone, List.of(), 0, compaction.hull(), heat, garbage);
        }
        return new SstOutput(
                target,
                entries::cutTombstone,
                SplitKeys.of(version.bottom()),
                SplitKeys.leastBytes(target.targetFileBytes()),
                compaction.hull(),
                heat,
                garbage);
    }
}
