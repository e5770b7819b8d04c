package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.key.KeyText;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstVerifier;
import io.forebay.store.util.ScopedRead;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Checks the files of a version, one after the other, with the values that they refer to, and then what must hold between them: files of a run are ordered
 * and disjoint, so that no user key is in two of them; and for every key, the entries in a run of higher rank are newer
 * than those in a run of lower rank. It reads past the block cache and opens files of its own, so it does not disturb
 * the store. Used by one thread.
 */
public final class VersionVerifier {
    private final Version version;
    private final FileRegistry registry;
    private final long lastSequence;
    private final String lister;
    private final BooleanSupplier stopped;
    private final Map<FileId, FileReport> reports = new LinkedHashMap<>();
    private final ValueVerifier values;

    /**
     * @param version the caller has a reference
     * @param lastSequence its files must have no sequence number above this one
     * @param lister what lists the files, for messages, like "the manifest"
     * @param stopped asked often whether to stop early
     */
    public VersionVerifier(
            Version version, FileRegistry registry, long lastSequence, String lister, BooleanSupplier stopped) {
        this.version = version;
        this.registry = registry;
        this.lastSequence = lastSequence;
        this.lister = lister;
        values = new ValueVerifier(registry, lister);
        this.stopped = stopped;
    }

    /** One report for each file that was verified. */
    public List<FileReport> verify() {
        verifyFiles();
        for (SortedRun run : version.runs()) {
            verifyRun(run);
        }
        verifyAges();
        List<FileReport> all = new ArrayList<>(reports.values());
        all.addAll(values.reports());
        return all;
    }

    /** Checks each file once, with all parts of it that the version shows. */
    private void verifyFiles() {
        Map<FileId, List<FileMeta>> shown = new LinkedHashMap<>();
        for (SortedRun run : version.runs()) {
            for (FileMeta file : run.files()) {
                shown.computeIfAbsent(file.id(), id -> new ArrayList<>()).add(file);
            }
        }
        for (List<FileMeta> parts : shown.values()) {
            if (stopped.getAsBoolean()) {
                return;
            }
            FileReport report = new FileReport(parts.get(0).id().name());
            reports.put(parts.get(0).id(), report);
            verifyFile(parts, report);
        }
    }

    private void verifyFile(List<FileMeta> parts, FileReport report) {
        FileMeta any = parts.get(0);
        report.size(any.fileBytes());
        try (ScopedRead file = ScopedRead.open(registry.files(), report.name())) {
            if (file.size() != any.fileBytes()) {
                report.add(-1, any.fileBytes() + " bytes, as " + lister + " says", file.size() + " bytes");
            }
            SstVerifier verifier = new SstVerifier(file, report.name(), report, values.of(any.file()), stopped);
            verifier.verify(registry.encryption(), any.keyId());
            report.content(verifier.blocks(), verifier.entries());
            if (verifier.properties() != null) {
                for (FileMeta part : parts) {
                    compare(part, verifier.properties(), report);
                }
            }
        } catch (NoSuchFileException e) {
            report.add(-1, "a file that " + lister + " names", "no such file");
        } catch (FormatTooNewException | FormatTooOldException e) {
            report.add(-1, "a format version that is known here", e.getMessage());
        } catch (EncryptionException e) {
            report.add(-1, "a file that can be decrypted", e.getMessage());
        } catch (IOException e) {
            report.add(-1, "a file that can be read", e.toString());
        }
    }

    private void compare(FileMeta meta, SstProperties file, FileReport report) {
        compare("entries", meta.entries(), file.entries(), report);
        compare("point deletes", meta.pointDeletes(), file.pointDeletes(), report);
        compare("range deletes", meta.rangeDeletes(), file.rangeDeletes(), report);
        compare("as smallest sequence number", meta.info().minSequence(), file.minSequence(), report);
        compare("as largest sequence number", meta.info().maxSequence(), file.maxSequence(), report);
        compare("as expiry", meta.info().expiry(), file.expiry(), report);
        compare("as event times", meta.info().eventTimes(), file.eventTimes(), report);
        compare("as sizes in its tail", meta.info().tailSizes(), file.tailSizes(), report);
        compare("as value files", meta.info().valueFiles(), file.valueFiles(), report);
        compare("as superseded", meta.info().superseded(), file.superseded(), report);
        if (meta.info().tailOffset() >= 0) {
            compare("bytes before its tail", meta.info().tailOffset(), file.tailOffset(), report);
        }
        KeyRange range = file.range();
        boolean fits =
                meta.virtual() ? FileBounds.isPartOf(meta.range(), range) : FileBounds.isRangeOf(meta.range(), range);
        if (!fits) {
            report.add(
                    -1,
                    (meta.virtual() ? "a range that holds " : "range ") + meta.rangeText(),
                    KeyText.forFiles(meta.keyId()).of(range));
        }
        if (meta.overrideSequence() >= 0 && file.maxSequence() != 0) {
            report.add(-1, "an ingested file with sequence numbers 0", "up to " + file.maxSequence());
        }
        if (meta.newestSequence() > lastSequence) {
            report.add(-1, "no sequence number above " + lastSequence, Long.toString(meta.newestSequence()));
        }
    }

    private void compare(String what, long listed, long found, FileReport report) {
        if (listed != found) {
            report.add(-1, listed + " " + what + ", as " + lister + " says", Long.toString(found));
        }
    }

    /** Compares a fact that may be left out. */
    private void compare(String what, Object listed, Object found, FileReport report) {
        if (listed != null && !listed.equals(found)) {
            report.add(-1, listed + " " + what + ", as " + lister + " says", String.valueOf(found));
        }
    }

    private void verifyRun(SortedRun run) {
        FileMeta before = null;
        for (FileMeta file : run.files()) {
            FileReport report = reports.get(file.id());
            if (report == null) {
                return; // the verification was stopped
            }
            if (file.range().isEmpty()) {
                report.add(-1, "a file that shows something in run " + run.rank(), "the range " + file.rangeText());
            }
            if (before != null
                    && (before.range().to() == null
                            || Arrays.compareUnsigned(
                                            before.range().to(), file.range().from())
                                    > 0)) {
                report.add(
                        -1,
                        "a range after that of " + before.id() + " in run " + run.rank() + ", " + before.rangeText(),
                        file.rangeText());
            }
            before = file;
        }
    }

    /**
     * Compares the sequence numbers of whole files, which decides almost all pairs of files. Other pairs are merged
     * where they overlap.
     */
    private void verifyAges() {
        List<SortedRun> runs = version.runs();
        for (int upper = 0; upper < runs.size(); upper++) {
            for (FileMeta file : runs.get(upper).files()) {
                for (int lower = upper + 1; lower < runs.size(); lower++) {
                    for (FileMeta other : Version.overlapping(runs.get(lower), file.range())) {
                        if (stopped.getAsBoolean()) {
                            return;
                        }
                        if (file.oldestSequence() <= other.newestSequence()) {
                            verifyAges(file, other);
                        }
                    }
                }
            }
        }
    }

    private void verifyAges(FileMeta newer, FileMeta older) {
        FileReport report = reports.get(newer.id());
        if (report == null || !report.isClean() || !reports.get(older.id()).isClean()) {
            return; // a damaged file proves nothing
        }
        try (ScopedRead newerFile = ScopedRead.open(registry.files(), newer.id().name());
                ScopedRead olderFile =
                        ScopedRead.open(registry.files(), older.id().name())) {
            new AgeCheck(newer, older, report, stopped).run(newerFile, olderFile, registry.encryption());
        } catch (CorruptionException e) {
            report.add(e);
        } catch (IOException e) {
            report.add(-1, "a file that can be read", e.toString());
        }
    }
}
