package io.forebay.store.version;

import io.forebay.store.FileStore;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orphans that no record of any manifest names. No crash can bring back a state that has them, so they need not wait
 * for a new manifest. They may be what fills the disk, so that there is no room for a new manifest.
 *
 * <p>The store needs none of the files that are read and deleted here, so a failure here does not fail the open. Used
 * by one thread.
 */
final class UnnamedOrphans {
    private static final Logger LOG = LoggerFactory.getLogger(UnnamedOrphans.class);

    private final FileStore files;
    private final Encryption encryption;
    private final Manifest.Recovered recovered;
    private Exception failure;

    UnnamedOrphans(FileStore files, Encryption encryption, Manifest.Recovered recovered) {
        this.files = files;
        this.encryption = encryption;
        this.recovered = recovered;
    }

    /**
     * Deletes these orphans as far as it can. It deletes none when a manifest cannot be read, or when a manifest may
     * come back: that manifest may name them.
     *
     * @return whether any was deleted
     */
    boolean delete() {
        List<String> orphans;
        try {
            orphans = find();
        } catch (IOException | RuntimeException e) {
            // damage, a key that was retired, a newer format, whatever a key provider throws
            failure = e;
            LOG.warn(
                    "Orphans in {} are kept, for not all manifests that may name them can be read. The store needs neither",
                    files.describe(),
                    e);
            return false;
        }
        int deleted = 0;
        for (String name : orphans) {
            deleted += delete(name) ? 1 : 0;
        }
        if (failure != null) {
            LOG.warn(
                    "{} of {} orphans in {} could not be deleted; they stay until a manifest is written, or the store is opened again",
                    orphans.size() - deleted,
                    orphans.size(),
                    files.describe(),
                    failure);
        }
        return deleted > 0;
    }

    /** The first failure, or null. */
    Exception failure() {
        return failure;
    }

    private List<String> find() throws IOException {
        files.syncDirectory(); // otherwise a power loss may bring back a whole manifest whose deletion was not synced
        Set<FileId> named = new HashSet<>();
        for (VersionEdit edit : Manifest.allEdits(files, encryption, recovered)) {
            edit.added().forEach(added -> named.add(added.file().id()));
            edit.removed().forEach(removed -> named.add(removed.id()));
        }
        List<String> orphans = new ArrayList<>();
        for (String name : files.list()) {
            FileId id = FileId.parse(name);
            if (id != null && !named.contains(id)) {
                orphans.add(name);
            }
        }
        return orphans;
    }

    private boolean delete(String name) {
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
}
