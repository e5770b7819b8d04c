package io.forebay.store.io;

import io.forebay.store.Clock;
import io.forebay.store.FileStore;
import io.forebay.store.util.SystemClock;
import java.io.File;
import java.io.IOException;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mapped files of an environment: how many there are, and whether there may be more. Thread-safe.
 */
public final class MappedFiles {
    private static final Logger LOG = LoggerFactory.getLogger(MappedFiles.class);

    /** Windows neither deletes nor truncates a mapped file. */
    private static final boolean DELETES_MAPPED = File.separatorChar == '/';

    private final PageClock pages;
    private final MappingLimit limit;

    // Guarded by this
    private boolean mapping;
    private int files;
    private long bytes;
    /** File stores that have opened a file which can be mapped. */
    private final Set<FileStore> known = Collections.newSetFromMap(new WeakHashMap<>());

    /** @param wanted false to map no file */
    public MappedFiles(boolean wanted, Clock clock) {
        this(wanted, clock, MappingLimit.PROCESS);
    }

    MappedFiles(boolean wanted, Clock clock, MappingLimit limit) {
        this.mapping = wanted;
        this.limit = limit;
        this.pages = new PageClock(clock);
    }

    /** Maps no file. */
    public static MappedFiles none() {
        return new MappedFiles(false, new SystemClock());
    }

    PageClock pages() {
        return pages;
    }

    /** Whether local files can be mapped and unmapped on this JDK and this system. */
    public static boolean isPossible() {
        return ForeignMemory.isThere() && DELETES_MAPPED;
    }

    /** How many files are mapped now. */
    public synchronized int files() {
        return files;
    }

    /** Bytes of the files that are mapped now, whether they are in memory or not. */
    public synchronized long bytes() {
        return bytes;
    }

    /** Whether a file of {@code store} that was not opened yet may be mapped: never when it is not known that it can be. */
    synchronized boolean mayMap(FileStore store) {
        return mapping
                && !limit.isReached()
                && (store instanceof MappableFiles says
                        ? says.areMappable()
                        : known.contains(GuardedFileStore.unguarded(store)));
    }

    /** Notes that a file of {@code store} can be mapped. */
    synchronized void canMap(FileStore store) {
        known.add(GuardedFileStore.unguarded(store));
    }

    /**
     * Maps a file that can be mapped; the caller {@linkplain #unmap unmaps} it. When the system refuses a mapping, no further file is
     * mapped: the JDK collects garbage and tries again before it gives up, which takes long. A file that could not be opened once more
     * is not mapped; if it cannot be read either, the read says so.
     *
     * @return null when the file is not to be mapped
     */
    FileMapping tryMap(MappableFile file) {
        if (!tryCount()) {
            return null;
        }
        FileMapping mapped = null;
        try {
            mapped = file.map();
            if (!saysWhatIsResident(mapped, file)) {
                mapped.close();
                mapped = null;
            }
        } catch (MappingRefusedException e) {
            refused(file, e);
        } catch (IOException e) {
            LOG.debug("Mapping {} failed; its blocks are read to the cache", file, e);
        } finally {
            counted(mapped);
        }
        return mapped;
    }

    /** Asks what must have an answer later. */
    private boolean saysWhatIsResident(FileMapping mapped, MappableFile file) {
        try {
            mapped.isResident(0, 1);
            return true;
        } catch (IOException e) {
            refused(file, e);
            return false;
        }
    }

    private void refused(MappableFile file, IOException refusal) {
        synchronized (this) {
            mapping = false;
        }
        LOG.warn(
                "Mapping {} failed; its blocks, and those of files opened later, are read to the cache", file, refusal);
    }

    void unmap(FileMapping mapped) {
        synchronized (this) {
            files--;
            bytes -= mapped.bytes();
        }
        mapped.close();
        limit.giveBack();
    }

    private synchronized boolean tryCount() {
        boolean may = mapping && limit.tryTake();
        files += may ? 1 : 0;
        return may;
    }

    private synchronized void counted(FileMapping mapped) {
        if (mapped == null) {
            files--;
            limit.giveBack();
        } else {
            bytes += mapped.bytes();
        }
    }
}
