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
 * The manifest that is appended to, and the ones before it that stay until a new one is durable.
 *
 * <p><b>After a failed write</b> nobody knows whether the edit is on disk, so that a crash may bring back the state with it or
 * without it. Both must be right: all files of both stay, until a new manifest with the whole state is durable. The old one is
 * never appended to again, and not deleted before that. The number of a manifest that could not be begun is not used again
 * either.
 *
 * <p><b>An open begins a new one</b>, durable before anybody may build on what was read, or call its commit durable. The process
 * before may have been killed between a write and its sync; and where a sync has failed, the kernel may have dropped the pages,
 * show them to readers all the same, and call another sync of the same file a success.
 *
 * <p>Not thread-safe, but for {@link #keyId()}: {@link VersionSet} calls it under its lock of edits.
 */
final class ManifestLog {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestLog.class);

    private final FileStore files;
    private final FileRegistry registry;
    private final LongSupplier ids;
    private final long rollOverBytes;
    private final List<String> stale = new ArrayList<>();
    private long nextNumber;
    /** Null when the next write must begin a new one. */
    private Manifest manifest;

    /**
     * True when a crash may take names that were found. One that tears the next manifest would then leave that alone, as if it had
     * replaced others that are lost. In doubt are the names of torn manifests, and of one with a single record, which its process
     * may not have lived to sync; the one before it is there still then, unless it was the first.
     */
    private boolean namesInDoubt;

    private boolean inDoubt;
    /** True when an edit may be there that was reported as failed. */
    private boolean editInDoubt;

    private volatile String keyId;

    /**
     * @param ids numbers that are never given twice, here or elsewhere
     * @param rollOverBytes a manifest is rolled over when it is larger than this, and than four times its header
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

    /** Id of the master key of the manifest in force; null when that is plain. From any thread. */
    String keyId() {
        return keyId;
    }

    /** True when nobody knows what exactly the manifest on disk says. */
    boolean isInDoubt() {
        return inDoubt;
    }

    /** True when a reopen may find an edit that was reported as failed. */
    boolean isEditInDoubt() {
        return editInDoubt;
    }

    /** True when nothing was written: what is on disk is what was found there. */
    boolean isAsFound() {
        return manifest == null;
    }

    /**
     * Makes {@code edit} durable.
     *
     * @param whole the state after the edit, asked for when a new manifest is begun
     * @param afresh to begin a new one in any case
     */
    void write(VersionEdit edit, Supplier<VersionEdit> whole, boolean afresh) throws IOException {
        boolean written = false;
        try {
            if (afresh || manifest == null || isLarge(manifest)) {
                begin(whole.get());
            } else {
                manifest.append(edit);
            }
            written = true;
        } finally {
            if (!written) {
                doubt(edit);
            }
        }
    }

    void close() throws IOException {
        if (manifest != null) {
            manifest.close();
        }
    }

    private boolean isLarge(Manifest log) {
        return log.bytes() > Math.max(rollOverBytes, 4 * log.headerBytes());
    }

    /** The edit may be on disk or not, and the manifest may end in a part of it. */
    private void doubt(VersionEdit edit) {
        inDoubt = true;
        editInDoubt |= !edit.isEmpty();
        boolean held = false;
        try {
            edit.added().forEach(added -> registry.hold(added.file().id()));
            held = true;
        } finally {
            if (!held) {
                registry.keepFiles(); // no memory to note them: a manifest that may be read must not name what is gone
            }
        }
        Manifest left = manifest;
        manifest = null;
        if (left != null) {
            leave(left);
        }
    }

    private void begin(VersionEdit whole) throws IOException {
        if (namesInDoubt) {
            files.syncDirectory();
            namesInDoubt = false;
        }
        Manifest fresh = create(whole);
        if (manifest != null) {
            leave(manifest);
        }
        manifest = fresh;
        keyId = fresh.keyId();
        inDoubt = false;
        editInDoubt = false;
        registry.releaseHeld();
        deleteStale();
    }

    private Manifest create(VersionEdit whole) throws IOException {
        // never this number again: what is on disk under it after a failure may be whole
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

    private void leave(Manifest left) {
        stale.add(left.name());
        try {
            left.close();
        } catch (IOException e) {
            LOG.warn("Closing manifest {} in {} failed; it is not used any more", left.name(), files.describe(), e);
        }
    }

    private void discard(String name) {
        try {
            files.delete(name);
        } catch (IOException e) {
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
            } catch (IOException e) {
                LOG.warn("Deleting old manifest {} in {} failed; it is tried again", name, files.describe(), e);
            }
        }
    }
}
