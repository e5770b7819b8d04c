package io.forebay.store.version;

import io.forebay.store.FileStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The manifest that is appended to, and older manifests, which stay until a new one is durable.
 *
 * <p><b>After a failed write</b> it is not known whether the edit is on disk: the manifest is in doubt. A crash may
 * bring back the state with the edit or without it, and both must be right. So all files of both states stay until a
 * new manifest with the whole state is durable. The old manifest is never appended to again, and not deleted before
 * that. The number of a manifest that could not be started is not used again either.
 *
 * <p><b>An open starts a new manifest</b>. It is durable before any code builds on the state that was read, or calls
 * its commit durable. The process that wrote the old manifest may have been killed between a write and its sync. And
 * where a sync has failed, the kernel may have dropped the pages, show them to readers all the same, and report success
 * for another sync of the same file.
 *
 * <p>Not thread-safe, except {@link #keyId()}: {@link VersionSet} calls the other methods with its lock {@code
 * applying}.
 */
final class ManifestLog {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestLog.class);

    private final FileStore files;
    private final FileRegistry registry;
    private final LongSupplier ids;
    private final long rollOverBytes;
    private final List<String> stale = new ArrayList<>();
    // Guarded by VersionSet.applying
    private long nextNumber;
    /** Null when the next write must start a new manifest. */
    private Manifest manifest;

    /**
     * True when a crash may take away names that were found in the directory. If a crash then tears the next manifest,
     * that manifest would be alone, as if it had replaced others which are lost. In doubt are the names of torn
     * manifests, and the name of a manifest with a single record, because its process may have died before it synced
     * the name; in that case the manifest before it still exists, unless it was the first one.
     */
    // Guarded by VersionSet.applying
    private boolean namesInDoubt;

    // Guarded by VersionSet.applying
    private boolean inDoubt;
    /** True when an edit that was reported as failed may be on disk. */
    private boolean editInDoubt;

    // Written under VersionSet.applying, read without
    private volatile String keyId;

    /**
     * @param ids numbers that are never given twice, here or elsewhere
     * @param rollOverBytes a manifest is replaced when it is longer than this and longer than four times its header
     */
    ManifestLog(
            FileStore files,
            FileRegistry registry,
            LongSupplier ids,
            long rollOverBytes,
            Manifest.Recovered recovered) {
        this.files = files;
        this.registry = registry;
        this.ids = ids;
        this.rollOverBytes = rollOverBytes;
        nextNumber = recovered.nextNumber();
        stale.addAll(recovered.stale());
        namesInDoubt = !stale.isEmpty() || recovered.edits().size() == 1;
        if (recovered.number() >= 0) {
            stale.add(Manifest.name(recovered.number()));
            keyId = recovered.keyId();
        }
    }

    /** Id of the master key of the manifest in force; null when that is not encrypted. Any thread. */
    String keyId() {
        return keyId;
    }

    /** True when it is not known what the manifest on disk says. */
    boolean isInDoubt() {
        return inDoubt;
    }

    /** True when a reopen may find an edit that was reported as failed. */
    boolean isEditInDoubt() {
        return editInDoubt;
    }

    /** True when nothing was written yet: the manifest on disk is the one that was found. */
    boolean isAsFound() {
        return manifest == null;
    }

    /**
     * Makes {@code edit} durable.
     *
     * @param whole gives the state after the edit, for a new manifest
     * @param afresh whether to start a new manifest in any case
     */
    void write(VersionEdit edit, Supplier<VersionEdit> whole, boolean afresh) throws IOException {
        // Noted before anything is written: afterwards there may be no memory for it.
        edit.added().forEach(added -> registry.deferDeletion(added.file()));
        boolean anew = afresh || manifest == null || isLarge(manifest);
        boolean written = false;
        try {
            if (anew) {
                begin(whole.get());
            } else {
                manifest.append(edit);
            }
            written = true;
        } finally {
            if (!written) {
                // The edit may be on disk or not, and the manifest may end in a part of it, which no record must
                // follow.
                inDoubt = true;
                Manifest left = manifest;
                manifest = null;
                editInDoubt |= !edit.isEmpty();
                leave(left);
            }
        }
        allowDeletions(edit, anew);
    }

    /** Throws nothing: the edit counts. */
    private void allowDeletions(VersionEdit edit, boolean anew) {
        try {
            if (anew) {
                registry.deleteDeferred();
                deleteStale();
            } else {
                edit.added().forEach(added -> registry.allowDeletion(added.file()));
            }
        } catch (RuntimeException | Error ignored) {
            // Without memory old files stay until the next manifest, or the next open.
        }
    }

    void close() throws IOException {
        if (manifest != null) {
            manifest.close();
        }
    }

    private boolean isLarge(Manifest present) {
        return present.bytes() > Math.max(rollOverBytes, 4 * present.headerBytes());
    }

    private void begin(VersionEdit whole) throws IOException {
        if (namesInDoubt) {
            files.syncDirectory();
            namesInDoubt = false;
        }
        Manifest fresh = create(whole);
        leave(manifest);
        manifest = fresh;
        keyId = fresh.keyId();
        inDoubt = false;
        editInDoubt = false;
    }

    private Manifest create(VersionEdit whole) throws IOException {
        // the number is never used again: after a failure the file of this number may be whole
        long number = nextNumber++;
        boolean created = false;
        try {
            Manifest fresh = Manifest.create(files, number, ids.getAsLong(), whole, registry.encryption());
            created = true;
            return fresh;
        } finally {
            if (!created) {
                discard(Manifest.name(number));
            }
        }
    }

    /** @param left null for none */
    private void leave(Manifest left) {
        if (left == null) {
            return;
        }
        try {
            left.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing manifest {} in {} failed; it is not used any more", left.name(), files.describe(), e);
        } finally {
            stale.add(left.name());
        }
    }

    private void discard(String name) {
        try {
            files.delete(name);
        } catch (IOException | RuntimeException e) {
            LOG.debug("Deleting the unfinished manifest {} in {} failed", name, files.describe(), e);
            stale.add(name);
        }
    }

    private void deleteStale() {
        for (Iterator<String> names = stale.iterator(); names.hasNext(); ) {
            String name = names.next();
            try {
                files.delete(name);
                names.remove();
            } catch (IOException | RuntimeException e) {
                LOG.warn("Deleting old manifest {} in {} failed; it is tried again", name, files.describe(), e);
            }
        }
    }
}
