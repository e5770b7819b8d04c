package io.forebay.store.verify;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.checkpoint.CheckpointManifest;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.util.ScopedRead;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.FileRegistry;
import io.forebay.store.version.FileReport;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.SortedRun;
import io.forebay.store.version.Version;
import io.forebay.store.version.VersionEdit;
import io.forebay.store.version.VersionVerifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Verifies what {@code Checkpoint.writeTo} made: the metadata, and the files that it names. Used by one thread. */
final class BackupVerification {
    private final FileStore files;
    private final Encryption encryption;
    private final Supplier<FileRegistry> registries;
    private final BooleanSupplier stopped;
    /** Names that belong to the backup. */
    private final Set<String> known = new TreeSet<>(Set.of(CheckpointManifest.FILE_NAME));

    BackupVerification(
            FileStore files, Encryption encryption, Supplier<FileRegistry> registries, BooleanSupplier stopped) {
        this.files = files;
        this.encryption = encryption;
        this.registries = registries;
        this.stopped = stopped;
    }

    /** @throws io.forebay.store.EncryptionException when the metadata is encrypted and there is no key for it */
    List<FileReport> verify() throws IOException {
        FileReport report = new FileReport(CheckpointManifest.FILE_NAME);
        CheckpointManifest metadata;
        try {
            metadata = CheckpointManifest.decode(read(report), encryption);
        } catch (CorruptionException e) {
            report.add(e);
            return List.of(report);
        }
        report.content(0, metadata.added().size());
        List<FileReport> reports = new ArrayList<>(List.of(report));
        reports.addAll(verify(metadata));
        return reports;
    }

    private byte[] read(FileReport report) throws IOException {
        try (ScopedRead file = ScopedRead.open(files, CheckpointManifest.FILE_NAME)) {
            if (file.size() > Integer.MAX_VALUE - 16) {
                throw new CorruptionException(
                        CheckpointManifest.FILE_NAME, -1, "metadata of less than 2 GiB", file.size() + " bytes");
            }
            byte[] bytes = new byte[(int) file.size()];
            report.size(bytes.length);
            file.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }

    private List<FileReport> verify(CheckpointManifest metadata) {
        FileRegistry registry = registries.get();
        registry.keepFiles();
        try {
            Version version = version(metadata, registry);
            try {
                return new VersionVerifier(version, registry, metadata.lastSequence(), "the metadata", stopped)
                        .verify();
            } finally {
                version.release();
            }
        } finally {
            registry.close();
        }
    }

    private Version version(CheckpointManifest metadata, FileRegistry registry) {
        Map<Long, List<FileMeta>> runs = new LinkedHashMap<>();
        List<PhysicalFile> acquired = new ArrayList<>();
        for (VersionEdit.Added added : metadata.added()) {
            FileMeta file = added.file();
            known.addAll(file.names());
            PhysicalFile physical = registry.acquire(file.id(), file.info());
            acquired.add(physical);
            runs.computeIfAbsent(added.rank(), rank -> new ArrayList<>()).add(file.withFile(physical));
        }
        List<SortedRun> sorted = new ArrayList<>();
        runs.forEach((rank, of) -> sorted.add(new SortedRun(rank, of)));
        Version version = new Version(sorted);
        acquired.forEach(PhysicalFile::release);
        return version;
    }

    /** After {@link #verify()}: a line for each file that is no part of the backup. */
    List<String> remarks(List<String> names) {
        List<String> remarks =
                new ArrayList<>(List.of("This is a backup, and not a store: Environment.restore opens it"));
        for (String name : names) {
            if (!known.contains(name)) {
                remarks.add(
                        name + (FileId.isNameOfAny(name) ? " is no part of the backup" : " is not a file of a backup"));
            }
        }
        return remarks;
    }
}
