package io.forebay.store.wal;

import io.forebay.store.FileStore;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log files of an open store that were not deleted; the last of them is being written. Thread-safe. The list is
 * guarded by the monitor of this object, under which no I/O is done.
 */
final class LiveLogs {
    private static final Logger LOG = LoggerFactory.getLogger(LiveLogs.class);

    private static final class Entry {
        final long number;
        final long firstSequence;
        final String keyId;

        // Guarded by LiveLogs
        long bytes;

        Entry(WalFile file) {
            number = file.number();
            firstSequence = file.firstSequence();
            keyId = file.keyId();
            bytes = file.bytes();
        }
    }

    private final FileStore files;
    private final ArrayDeque<Entry> logs = new ArrayDeque<>();
    // Guarded by this
    private long bytes;

    LiveLogs(FileStore files) {
        this.files = files;
    }

    synchronized void add(WalFile file) {
        Entry entry = new Entry(file);
        logs.add(entry);
        bytes += entry.bytes;
    }

    /** The newest log has {@code size} bytes now. */
    synchronized void grown(long size) {
        Entry newest = logs.getLast();
        bytes += size - newest.bytes;
        newest.bytes = size;
    }

    /**
     * Number of the oldest log that is needed when all writes up to {@code kept} are in files. A log is needed until
     * all writes before the next log, which exists, are in files.
     */
    synchronized long firstNeeded(long kept) {
        Iterator<Entry> iterator = logs.iterator();
        long needed = iterator.next().number;
        while (iterator.hasNext()) {
            Entry next = iterator.next();
            if (next.firstSequence > kept + 1) {
                break;
            }
            needed = next.number;
        }
        return needed;
    }

    void deleteBelow(long number) {
        List<Entry> old = new ArrayList<>();
        synchronized (this) {
            while (logs.getFirst().number < number) {
                Entry entry = logs.removeFirst();
                bytes -= entry.bytes;
                old.add(entry);
            }
        }
        for (Entry entry : old) {
            delete(files, WalFormat.name(entry.number));
        }
    }

    static void delete(FileStore files, String name) {
        try {
            files.delete(name);
        } catch (IOException | RuntimeException e) {
            LOG.warn("Deleting old log {} in {} failed; the next open tries again", name, files.describe(), e);
        }
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized long newestBytes() {
        return logs.getLast().bytes;
    }

    synchronized Set<String> keyIds() {
        Set<String> ids = new TreeSet<>();
        for (Entry entry : logs) {
            if (entry.keyId != null) {
                ids.add(entry.keyId);
            }
        }
        return ids;
    }
}
