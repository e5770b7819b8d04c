package io.forebay.store.db;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIoException;
import io.forebay.store.VerificationReport;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.FileReport;
import io.forebay.store.version.Leftovers;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionSet;
import io.forebay.store.version.VersionVerifier;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Verifies a store, open or not. Holds a version like a reader does, and nothing else: no lock, no memory of the budget,
 * and nothing that a close would have to wait for.
 */
final class Verification {
    private final EngineResources shared;
    private final FileStore files;
    private final BooleanSupplier stopped;
    private final long begin;

    private Verification(EngineResources shared, FileStore files, BooleanSupplier stopped) {
        this.shared = shared;
        this.files = files;
        this.stopped = stopped;
        begin = shared.clock().nanoTime();
    }

    /** An open store, by any thread. Ends early when the thread is interrupted or the store closed. */
    static VerificationReport of(StoreContext store) {
        Lifecycle lifecycle = store.lifecycle;
        VerificationReport report = null;
        if (!lifecycle.isClosed()) {
            BooleanSupplier stopped =
                    () -> lifecycle.isClosed() || Thread.currentThread().isInterrupted();
            try {
                report = new Verification(store.shared, store.files, stopped).run(store.versions);
            } catch (IllegalStateException e) {
                if (!lifecycle.isClosed()) {
                    throw e;
                }
            }
        }
        if (lifecycle.isClosed()) {
            throw lifecycle.closed();
        }
        return report;
    }

    /** A store that is not open, locked meanwhile; or a backup, which nobody changes once it is whole. Changes nothing. */
    static VerificationReport of(EngineResources shared, FileStore files, Encryption encryption) {
        Verification verification =
                new Verification(shared, files, () -> Thread.currentThread().isInterrupted());
        try {
            List<String> names = files.list();
            DirectoryKind kind = DirectoryKind.of(names);
            if (kind == DirectoryKind.BACKUP) {
                return verification.backup(encryption, names);
            }
            if (kind != DirectoryKind.STORE) {
                throw new IllegalArgumentException(kind.describe(files.describe(), names));
            }
            AutoCloseable lock = files.lock();
            try {
                return verification.open(encryption);
            } finally {
                lock.close();
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (IOException e) {
            throw new StoreIoException("Verifying the store in " + files.describe() + " failed", e);
        } catch (Exception e) {
            throw new StoreException("Verifying the store in " + files.describe() + " failed", e);
        }
    }

    private VerificationReport open(Encryption encryption) throws IOException {
        FileRegistry registry = new FileRegistry(files, shared.tables(), shared.executor(), encryption);
        try (VersionSet versions = VersionSet.openToRead(files, registry)) {
            return run(versions);
        } catch (CorruptionException e) {
            FileReport damaged = new FileReport(e.file());
            damaged.add(e);
            return report(List.of(damaged), List.of());
        } finally {
            registry.close();
        }
    }

    private VerificationReport backup(Encryption encryption, List<String> names) throws IOException {
        BackupVerification backup = new BackupVerification(shared, files, encryption, stopped);
        return report(backup.verify(), backup.remarks(names));
    }

    private VerificationReport run(VersionSet versions) {
        Version version = versions.current();
        try {
            FileReport manifest = versions.verifyManifest();
            List<FileReport> reports = new ArrayList<>(List.of(manifest));
            VersionVerifier verifier =
                    new VersionVerifier(version, versions.registry(), versions.lastSequence(), "the manifest", stopped);
            reports.addAll(verifier.verify());
            LogVerification logs = new LogVerification(files, versions, stopped);
            logs.verify();
            logs.report().ifPresent(reports::add);
            List<String> remarks = new ArrayList<>(leftovers(versions, manifest.name()));
            logs.remark().ifPresent(remarks::add);
            return report(reports, remarks);
        } finally {
            version.release();
        }
    }

    private List<String> leftovers(VersionSet versions, String manifest) {
        try {
            return Leftovers.describe(files, versions.registry(), manifest);
        } catch (IOException e) {
            return List.of("The directory could not be listed: " + e);
        }
    }

    private VerificationReport report(List<FileReport> reports, List<String> remarks) {
        List<VerifiedFile> verified = reports.stream().map(FileReport::finish).toList();
        Duration duration = Duration.ofNanos(shared.clock().nanoTime() - begin);
        return new VerificationReport(files.describe(), verified, remarks, !stopped.getAsBoolean(), duration);
    }
}
