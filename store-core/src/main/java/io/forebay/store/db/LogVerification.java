package io.forebay.store.db;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.WriteBatch;
import io.forebay.store.version.FileReport;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionSet;
import io.forebay.store.wal.WalHandler;
import io.forebay.store.wal.WalRecovery;
import java.io.IOException;
import java.util.Optional;

/**
 * Reads the write-ahead logs that a store needs as a reopen would, and drops what they hold. The logs of an open store are
 * written meanwhile, and deleted when the manifest needs them no longer; then it is done again.
 */
final class LogVerification {
    /** Logs are deleted at most once a flush, so that more attempts are hardly ever needed. */
    private static final int ATTEMPTS = 10;

    private final FileStore files;
    private final VersionSet versions;

    LogVerification(FileStore files, VersionSet versions) {
        this.files = files;
        this.versions = versions;
    }

    /** Empty when the store needs no logs, or they change faster than they can be read. */
    Optional<FileReport> verify() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            VersionEdit.Logs needed = versions.logs();
            if (needed.id() == 0) {
                return Optional.empty();
            }
            FileReport report = read(needed);
            if (needed.equals(versions.logs())) {
                return Optional.of(report);
            }
        }
        return Optional.empty();
    }

    private FileReport read(VersionEdit.Logs needed) {
        Count count = new Count();
        try {
            WalRecovery.of(files, versions.registry().encryption(), needed.id(), needed.first())
                    .replay(versions.durableSequence(), count);
        } catch (CorruptionException e) {
            FileReport damaged = new FileReport(e.file());
            damaged.add(e);
            return damaged;
        } catch (EncryptionException | FormatTooNewException e) {
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
        private long writes;

        @Override
        public void write(long firstSequence, WriteBatch batch) {
            writes += batch.count();
        }

        @Override
        public void commit(long sequence, byte[] payload) {
            writes++;
        }
    }
}
