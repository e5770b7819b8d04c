package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.ValueBuffer;
import io.forebay.store.sst.ValueCheck;
import io.forebay.store.util.ScopedRead;
import io.forebay.store.values.ValueFileReader;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks the value files of a version: each as a whole, when the first SST that refers to it comes, and each value that an SST refers to.
 * What nothing refers to is not read. Used by one thread.
 */
final class ValueVerifier {
    private final FileRegistry registry;
    private final String lister;
    private final Map<FileId, Checked> files = new LinkedHashMap<>();
    private final ValueBuffer value = new ValueBuffer();

    /** @param lister what lists the files, for messages */
    ValueVerifier(FileRegistry registry, String lister) {
        this.registry = registry;
        this.lister = lister;
    }

    /** A value file, and the number of values that were found in it. */
    private static final class Checked {
        final PhysicalValueFile file;
        final FileReport report;
        /** False when no value of it can be read. */
        boolean usable;

        long values;

        Checked(PhysicalValueFile file) {
            this.file = file;
            report = new FileReport(file.toString());
            report.size(file.bytes());
        }
    }

    /** Checks the value files of an SST, and then the values that it is asked for. */
    ValueCheck of(PhysicalFile sst) {
        PhysicalValueFile[] listed = sst.valueFiles();
        Checked[] checked = new Checked[listed.length];
        for (int i = 0; i < listed.length; i++) {
            PhysicalValueFile file = listed[i];
            checked[i] = files.computeIfAbsent(file.id(), id -> checked(file));
        }
        return (place, offset, length) -> {
            if (place < checked.length && checked[place].usable) {
                check(checked[place], offset, length);
            }
        };
    }

    private Checked checked(PhysicalValueFile file) {
        Checked checked = new Checked(file);
        FileReport report = checked.report;
        try (ScopedRead raw = ScopedRead.open(registry.files(), report.name())) {
            if (raw.size() == file.bytes()) {
                ValueShare listed = file.share(1);
                ValueFileReader reader = ValueFileReader.open(raw, report.name(), registry.encryption(), listed);
                reader.checkFront();
                checked.usable = true;
                if (reader.frameBytes() != listed.frameBytes()) {
                    report.add(
                            -1,
                            listed.frameBytes() + " bytes beside values, as " + lister + " says",
                            reader.frameBytes() + " bytes");
                }
            } else {
                report.add(-1, file.bytes() + " bytes, as " + lister + " says", raw.size() + " bytes");
            }
        } catch (CorruptionException e) {
            report.add(e);
        } catch (NoSuchFileException e) {
            report.add(-1, "a file that " + lister + " names", "no such file");
        } catch (FormatTooNewException | FormatTooOldException e) {
            report.add(-1, "a format version that is known here", e.getMessage());
        } catch (EncryptionException e) {
            report.add(-1, "a file that can be decrypted", e.getMessage());
        } catch (IOException e) {
            report.add(-1, "a file that can be read", e.toString());
        }
        return checked;
    }

    private void check(Checked checked, long offset, int length) {
        try {
            checked.file.read(offset, length, value);
            checked.values++;
        } catch (CorruptionException e) {
            checked.report.add(e);
        } catch (IOException e) {
            checked.report.add(offset, "a value that can be read", e.toString());
        }
    }

    /** One report for each file. */
    List<FileReport> reports() {
        List<FileReport> reports = new ArrayList<>();
        for (Checked checked : files.values()) {
            checked.report.content(0, checked.values);
            reports.add(checked.report);
        }
        return reports;
    }
}
