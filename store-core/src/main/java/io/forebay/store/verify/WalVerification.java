package io.forebay.store.verify;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.WriteBatch;
import io.forebay.store.version.FileReport;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WalHandler;
import io.forebay.store.wal.WalRecovery;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Reads the write-ahead logs that a store needs, as a reopen would, and drops what they contain. The logs of an open
 * store are written meanwhile, and deleted when the manifest needs them no longer; then they are read again. So are logs
 * in which writes seem to be missing, when more writes are in files by then. Used once, by one thread.
 */
final class WalVerification {
    /** Logs are deleted at most once for each flush, so that more attempts are hardly ever needed. */
    private static final int ATTEMPTS = 10;

    private final FileStore files;
    private final VersionSet versions;
    private final BooleanSupplier stopped;
    private FileReport report;
    private String remark;

    /** @param stopped asked often; true ends the reading early, and then there is no report */
    WalVerification(FileStore files, VersionSet versions, BooleanSupplier stopped) {
        this.files = files;
        this.versions = versions;
        this.stopped = stopped;
    }

    void verify() {
        for (int attempt = 0; attempt < ATTEMPTS && !stopped.getAsBoolean(); attempt++) {
            VersionEdit.Logs needed = versions.logs();
            long kept = versions.durableSequence();
            FileReport read = read(needed, kept);
            if (!stopped.getAsBoolean() && needed.equals(versions.logs()) && (read.isClean() || isKept(kept))) {
                // When no log is needed, damage that an open would refuse is reported all the same.
                report = needed.id() == 0 && read.isClean() ? null : read;
                return;
            }
        }
        if (!stopped.getAsBoolean()) {
            remark = "The write-ahead logs are not in this report: " + ATTEMPTS
                    + " times they were replaced by others while they were read";
        }
    }

    /**
     * The report on all logs. There is none when the store needs no logs and has none, when the logs could not be read
     * (see {@link #remark}), or when the verification was stopped.
     */
    Optional<FileReport> report() {
        return Optional.ofNullable(report);
    }

    /** Why there is no report on logs that the store needs. */
    Optional<String> remark() {
        return Optional.ofNullable(remark);
    }

    /** False when an ingest, say, has taken sequence numbers since, which are not in the logs. */
    private boolean isKept(long kept) {
        return versions.durableSequence() == kept;
    }

    /** @param kept the sequence number up to which everything is in files */
    private FileReport read(VersionEdit.Logs needed, long kept) {
        Count count = new Count(stopped);
        try {
            WalRecovery.of(files, versions.registry().encryption(), needed.id(), needed.first())
                    .replay(kept, count);
        } catch (CorruptionException e) {
            FileReport damaged = new FileReport(e.file());
            damaged.add(e);
            return damaged;
        } catch (EncryptionException | FormatTooNewException | FormatTooOldException e) {
            return unreadable(e.getMessage());
        } catch (IOException e) {
            return unreadable(e.toString());
        }
        FileReport report = new FileReport("WAL");
        report.content(0, count.writes);
        return report;
    }

    private static FileReport unreadable(String reason) {
        FileReport report = new FileReport("WAL");
        report.add(-1, "a write-ahead log that can be read", reason);
        return report;
    }

    private static final class Count implements WalHandler {
        private final BooleanSupplier stopped;
        private long writes;

        Count(BooleanSupplier stopped) {
            this.stopped = stopped;
        }

        @Override
        public void write(long firstSequence, WriteBatch batch) {
            writes += batch.count();
        }

        @Override
        public void commit(long sequence, byte[] payload) {
            writes++;
        }

        @Override
        public boolean isStopped() {
            return stopped.getAsBoolean();
        }
    }
}
