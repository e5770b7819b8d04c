package io.forebay.store.version;

import io.forebay.store.FileStore;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the orphans that no record of any manifest names, before there is a new manifest. They may be what fills the disk,
 * so that there is no room for one.
 *
 * <pre>
 *   an orphan that ...                            is deleted
 *   a manifest names, which may come back         when a new manifest is durable ({@link FileRegistry})
 *   no manifest names                             here: no crash can bring back a state that has it
 * </pre>
 *
 * <p>Only files that the open found are deleted: a file that comes later is one of this process, which may name it. The
 * store needs none of the files that are read or deleted here, so a failure does not fail the open. Used by one thread at
 * a time, until a manifest is written.
 */
final class UnnamedOrphans {
    private static final Logger LOG = LoggerFactory.getLogger(UnnamedOrphans.class);

    private final FileStore files;
    private final Encryption encryption;
    private final Manifest.Recovered recovered;
    /** Those that are left; before {@link #unnamed}, those also that a manifest may name. */
    private final List<String> orphans;
    /** Whether no manifest that can come back names one of {@code orphans}. */
    private boolean unnamed;
    /** Whether a failure was logged as a warning. */
    private boolean told;

    private Exception failure;

    /** @param found SSTs and value files in the directory that are not part of the recovered state */
    UnnamedOrphans(FileStore files, Encryption encryption, Manifest.Recovered recovered, List<String> found) {
        this.files = files;
        this.encryption = encryption;
        this.recovered = recovered;
        orphans = new ArrayList<>(found);
    }

    /**
     * Deletes these orphans as far as it can, and those that are left when it is called again. It deletes none when a
     * manifest cannot be read, or when a manifest may come back: that manifest may name them.
     *
     * @return whether any was deleted
     */
    boolean delete() {
        failure = null;
        if (orphans.isEmpty()) {
            return false;
        }
        try {
            keepNamed();
        } catch (IOException | RuntimeException e) {
            // damage, a key that was retired, a newer format, whatever a key provider throws
            failure = e;
            warnOnce(
                    "Orphans in {} are kept, for not all manifests that may name them can be read. The store needs"
                            + " neither; each attempt to write a manifest looks again",
                    files.describe(),
                    e);
            return false;
        }
        int before = orphans.size();
        for (Iterator<String> left = orphans.iterator(); left.hasNext(); ) {
            if (isDeleted(left.next())) {
                left.remove();
            }
        }
        if (failure != null) {
            warnOnce(
                    "{} of {} orphans in {} could not be deleted; each attempt to write a manifest tries it again",
                    orphans.size(),
                    before,
                    files.describe(),
                    failure);
        }
        return orphans.size() < before;
    }

    /** The first failure of the last {@link #delete}, or null. */
    Exception failure() {
        return failure;
    }

    private void keepNamed() throws IOException {
        if (unnamed) {
            return;
        }
        files.syncDirectory(); // otherwise a power loss may bring back a whole manifest whose deletion was not synced
        Set<String> named = new HashSet<>();
        for (VersionEdit edit : Manifest.allEdits(files, encryption, recovered)) {
            edit.added().forEach(added -> added.file().names().forEach(named::add));
            edit.removed().forEach(removed -> named.add(removed.id().name()));
        }
        orphans.removeIf(named::contains);
        unnamed = true;
    }

    private boolean isDeleted(String name) {
        try {
            files.delete(name);
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.debug("Deleting the orphan {} in {} failed", name, files.describe(), e);
            if (failure == null) {
                failure = e;
            }
            return false;
        }
    }

    /** The attempts go on until one succeeds, so the others are not worth a warning. */
    private void warnOnce(String message, Object... arguments) {
        if (told) {
            LOG.debug(message, arguments);
        } else {
            LOG.warn(message, arguments);
            told = true;
        }
    }
}
