package io.forebay.store.version;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.crypto.KeyEnvelope;
import io.forebay.store.values.ValueShare;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the version of the last durable commit from the edits of a manifest. */
final class VersionRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(VersionRecovery.class);

    private VersionRecovery() {}

    /**
     * As {@link #runToRead}, and notices a key that is missing.
     *
     * @throws EncryptionException when there is a key that files need and the provider does not have
     */
    static Version run(Manifest.Recovered recovered, FileRegistry registry, DurableState state) throws IOException {
        Version version = runToRead(recovered, registry, state);
        List<FileMeta> files = new ArrayList<>();
        version.runs().forEach(run -> files.addAll(run.files()));
        try {
            requireKeys(files, recovered.keyId());
        } catch (IOException | RuntimeException | Error e) {
            registry.stopDeleting();
            version.release();
            throw e;
        }
        return version;
    }

    /**
     * Plays the edits. Files that have anything newer than the durable state are left out. No file is read, so that a
     * verification can say of each file whether it is readable.
     *
     * @param state receives what the edits say
     * @return the version with one reference, which belongs to the caller
     * @throws CorruptionException when the edits do not follow from each other
     */
    static Version runToRead(Manifest.Recovered recovered, FileRegistry registry, DurableState state)
            throws IOException {
        RunMap runs = new RunMap(List.of());
        List<SortedRun> committed = new ArrayList<>();
        List<PhysicalFile> acquired = new ArrayList<>();
        try {
            for (VersionEdit edit : recovered.edits()) {
                runs.play(edit);
                state.play(edit);
            }
            state.lastSequence(state.durableSequence());
            for (long rank : runs.ranks()) {
                List<FileMeta> kept = new ArrayList<>();
                for (FileMeta file : runs.touch(rank)) {
                    if (file.newestSequence() <= state.durableSequence()) {
                        checkKey(file, recovered, registry);
                        PhysicalFile physical = registry.acquire(file.id(), file.info());
                        acquired.add(physical);
                        kept.add(file.withFile(physical));
                    }
                }
                committed.add(new SortedRun(rank, kept));
                state.reserveRanks(rank + 1);
            }
        } catch (IllegalArgumentException e) {
            CorruptionException corruption = new CorruptionException(
                    Manifest.name(recovered.number()), -1, "edits that follow from each other", e.getMessage());
            corruption.initCause(e);
            throw corruption;
        }
        Version version = new Version(committed);
        acquired.forEach(PhysicalFile::release);
        return version;
    }

    /**
     * A store that encrypts has an encrypted manifest first, so Forebay has not written a plain manifest that lists
     * encrypted files.
     */
    private static void checkKey(FileMeta file, Manifest.Recovered recovered, FileRegistry registry) {
        checkKey(file.id().name(), file.keyId(), recovered, registry);
        for (ValueShare share : file.info().valueFiles()) {
            checkKey(FileId.of(share).valueFileName(), share.keyId(), recovered, registry);
        }
    }

    private static void checkKey(String name, String keyId, Manifest.Recovered recovered, FileRegistry registry) {
        if (keyId == null) {
            registry.encryption().checkPlain(name);
        } else if (recovered.keyId() == null) {
            throw new CorruptionException(
                    Manifest.name(recovered.number()),
                    -1,
                    "an encrypted manifest, because " + name + " is encrypted",
                    "a plain one");
        }
    }

    /**
     * Notices a missing key now, and not in a later read: asks for each key with one of its files. Damage or an I/O
     * error of a file is left to the reads of that file, as it is when there is only one key.
     */
    static void requireKeys(List<FileMeta> files, String known) throws IOException {
        Set<String> found = new HashSet<>();
        found.add(null);
        found.add(known);
        for (FileMeta file : files) {
            PhysicalFile sst = file.file();
            if (!found.contains(sst.keyId()) && requireKey(sst.id(), sst::keyEnvelope, sst::requireKey)) {
                found.add(sst.keyId());
            }
            for (PhysicalValueFile values : sst.valueFiles()) {
                if (!found.contains(values.keyId()) && requireKey(values, values::keyEnvelope, values::requireKey)) {
                    found.add(values.keyId());
                }
            }
        }
    }

    private interface EnvelopeSource {
        KeyEnvelope read() throws IOException;
    }

    private interface EnvelopeTaker {
        void take(KeyEnvelope envelope) throws IOException;
    }

    /** @return false when the file does not show its key */
    private static boolean requireKey(Object file, EnvelopeSource source, EnvelopeTaker taker) throws IOException {
        KeyEnvelope envelope;
        try {
            envelope = source.read();
        } catch (IOException | CorruptionException | FormatTooNewException | FormatTooOldException e) {
            LOG.warn("File {} cannot be read; the store is opened all the same, and reads of it fail", file, e);
            return false;
        }
        taker.take(envelope);
        return true;
    }
}
