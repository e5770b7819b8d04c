package io.forebay.store.verify;

import io.forebay.store.Clock;
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
import java.util.function.Supplier;

/**
 * Verifies a store, open or not, or a backup. It uses a version like a reader does, and nothing else of the store: no
 * lock and no memory of the budget. A close does not wait for it. Used by one thread.
 */
public final class Verification {
    private final Clock clock;
    private final FileStore files;
    private final BooleanSupplier stopped;
    private final long begin;

    private Verification(Clock clock, FileStore files, BooleanSupplier stopped) {
        this.clock = clock;
        this.files = files;
        this.stopped = stopped;
        begin = clock.nanoTime();
    }

    /**
     * Verifies an open store. Any thread.
     *
     * @param stopped ends the verification early, with a report that says so; asked between two blocks
     */
    public static VerificationReport of(VersionSet versions, FileStore files, Clock clock, BooleanSupplier stopped) {
        return new Verification(clock, files, stopped).run(versions);
    }

    /**
     * Verifies a store that is not open, locked meanwhile; or a backup, which does not change any more once it is
     * complete. Changes nothing.
     *
     * @param registries makes the registry of the files that are read; it is closed here
     */
    public static VerificationReport of(
            FileStore files, Encryption encryption, Supplier<FileRegistry> registries, Clock clock) {
        Verification verification =
                new Verification(clock, files, () -> Thread.currentThread().isInterrupted());
        try {
            List<String> names = files.list();
            DirectoryKind kind = DirectoryKind.of(names);
            if (kind == DirectoryKind.BACKUP) {
                return verification.backup(encryption, registries, names);
            }
            if (kind != DirectoryKind.STORE) {
                throw new IllegalArgumentException(kind.describe(files.describe(), names));
            }
            AutoCloseable lock = files.lock();
            try {
                return verification.open(registries);
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

    private VerificationReport open(Supplier<FileRegistry> registries) throws IOException {
        FileRegistry registry = registries.get();
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

    private VerificationReport backup(Encryption encryption, Supplier<FileRegistry> registries, List<String> names)
            throws IOException {
        BackupVerification backup = new BackupVerification(files, encryption, registries, stopped);
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
            WalVerification logs = new WalVerification(files, versions, stopped);
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
        Duration duration = Duration.ofNanos(clock.nanoTime() - begin);
        return new VerificationReport(files.describe(), verified, remarks, !stopped.getAsBoolean(), duration);
    }
}
