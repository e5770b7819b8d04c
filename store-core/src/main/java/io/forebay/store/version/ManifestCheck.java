package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.util.ScopedRead;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the manifest of a store again and compares it with the state in memory. Used by one thread. */
final class ManifestCheck {
    private final VersionSet versions;
    private final FileReport report;

    private ManifestCheck(VersionSet versions, FileReport report) {
        this.versions = versions;
        this.report = report;
    }

    /** The caller sees to it that no edit is applied meanwhile. */
    static FileReport run(FileStore files, VersionSet versions, Encryption encryption) {
        FileReport report = new FileReport("MANIFEST");
        try {
            Manifest.Recovered read = Manifest.recover(files, encryption);
            if (read.number() < 0) {
                report.add(-1, "a manifest", "none that is whole");
                return report;
            }
            report = new FileReport(Manifest.name(read.number()));
            try (ScopedRead file = ScopedRead.open(files, report.name())) {
                report.size(file.size());
            }
            report.content(0, read.edits().size());
            if (!versions.isInDoubt()) {
                new ManifestCheck(versions, report).compare(read.edits());
            }
        } catch (CorruptionException e) {
            FileReport damaged = new FileReport(e.file());
            damaged.add(e);
            return damaged;
        } catch (FormatTooNewException | FormatTooOldException | EncryptionException e) {
            report.add(-1, "a manifest that can be read", e.getMessage());
        } catch (IOException e) {
            report.add(-1, "a manifest that can be read", e.toString());
        }
        return report;
    }

    private void compare(List<VersionEdit> edits) {
        RunMap played = new RunMap(List.of());
        VersionEdit.Commit commit = new VersionEdit.Commit(0, new byte[0]);
        long kept = 0;
        VersionEdit.Logs logs = VersionEdit.Logs.NONE;
        String mergeName = null;
        List<SortedRun> runs;
        try {
            for (VersionEdit edit : edits) {
                played.play(edit);
                commit = edit.commit() == null ? commit : edit.commit();
                kept = Math.max(kept, edit.keptSequence());
                logs = edit.logs() == null ? logs : edit.logs();
                mergeName = edit.mergeName() == null ? mergeName : edit.mergeName();
            }
            runs = played.toRuns();
        } catch (IllegalArgumentException e) {
            report.add(-1, "edits that follow from each other", e.getMessage());
            return;
        }
        VersionEdit.Commit durable = versions.durableCommit();
        if (commit.sequence() != durable.sequence() || !Arrays.equals(commit.payload(), durable.payload())) {
            report.add(-1, "the durable commit " + durable.sequence(), Long.toString(commit.sequence()));
        }
        long durableSequence = Math.max(commit.sequence(), kept);
        if (durableSequence != versions.durableSequence()) {
            report.add(
                    -1, "writes up to " + versions.durableSequence() + " to be kept", Long.toString(durableSequence));
        }
        if (!logs.equals(versions.logs())) {
            report.add(-1, "the need of " + versions.logs(), logs.toString());
        }
        if (!Objects.equals(mergeName, versions.mergeName())) {
            report.add(-1, "merge function " + versions.mergeName(), String.valueOf(mergeName));
        }
        compareFiles(runs, durableSequence);
    }

    private void compareFiles(List<SortedRun> listed, long durableSequence) {
        Version version = versions.current();
        try {
            Map<Long, List<FileMeta>> expected = files(version.runs(), Long.MAX_VALUE);
            Map<Long, List<FileMeta>> found = files(listed, versions.isAsFound() ? durableSequence : Long.MAX_VALUE);
            if (!expected.keySet().equals(found.keySet())) {
                report.add(-1, "runs " + expected.keySet(), found.keySet().toString());
            }
            expected.forEach((rank, files) -> {
                List<FileMeta> others = found.getOrDefault(rank, List.of());
                if (!files.equals(others)) {
                    report.add(-1, "run " + rank + " of " + ids(files), ids(others) + ", or other facts about them");
                }
            });
        } finally {
            version.release();
        }
    }

    /** What a manifest says about the files of each run, up to a sequence number. */
    private static Map<Long, List<FileMeta>> files(List<SortedRun> runs, long newest) {
        Map<Long, List<FileMeta>> files = new HashMap<>();
        for (SortedRun run : runs) {
            List<FileMeta> known = run.files().stream()
                    .filter(file -> file.newestSequence() <= newest)
                    .map(file -> file.withFile(null))
                    .toList();
            if (!known.isEmpty()) {
                files.put(run.rank(), known);
            }
        }
        return files;
    }

    private static List<FileId> ids(List<FileMeta> files) {
        return files.stream().map(FileMeta::id).toList();
    }
}
