package io.forebay.store.wal;

import io.forebay.store.CorruptionException;
import io.forebay.store.FileStore;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The logs that are in a directory when its store is opened: which of them are needed, what they contain, and which can
 * be deleted.
 *
 * <p>A log was durable, with its name, before the manifest needed it or the log before it was ended. So only the newest
 * log may have a missing part. The logs of one open share an id, which is in the manifest.
 *
 * <p>Changes nothing before {@link #deleteUnneeded} and {@link #deleteAll}. Used by one thread.
 */
public final class WalRecovery {
    /** Numbers rise by one, so no store gets so far. */
    private static final long FARTHEST_LEAP = 1_000_000_000_000_000L;

    private final FileStore files;
    private final Encryption encryption;
    private final long id;
    private final long first;
    /** Numbers of all logs in the directory, ascending. */
    private final List<Long> present = new ArrayList<>();
    /** Numbers of the logs that hold writes which may be needed; null before {@link #replay}. */
    private Set<Long> needed;

    private WalRecovery(FileStore files, Encryption encryption, long id, long first) {
        this.files = files;
        this.encryption = encryption;
        this.id = id;
        this.first = first;
    }

    /**
     * Finds the logs in the directory.
     *
     * @param id id of the logs that the manifest needs, 0 when it needs none
     * @param first number of the first needed log; logs of lower numbers are not needed any more
     * @throws CorruptionException when there is a log with a number that no store gets to
     */
    public static WalRecovery of(FileStore files, Encryption encryption, long id, long first) throws IOException {
        WalRecovery recovery = new WalRecovery(files, encryption, id, first);
        for (String name : files.list()) {
            long number = WalFormat.numberOf(name);
            if (number >= 0) {
                recovery.present.add(number);
            }
        }
        recovery.present.sort(null);
        recovery.requireNear();
        return recovery;
    }

    /** Throws when there is a number that no log of the store gets to: there would be none left for the next logs. */
    private void requireNear() {
        long highest = present.isEmpty() ? 0 : present.get(present.size() - 1);
        if (highest - first > FARTHEST_LEAP) {
            throw new CorruptionException(
                    WalFormat.name(highest),
                    -1,
                    "no write-ahead log so far above number " + first,
                    "a file of this name, which no store has made");
        }
    }

    /** True for names of write-ahead logs. */
    public static boolean isLog(String name) {
        return WalFormat.numberOf(name) >= 0;
    }

    /** A number above those of all logs that exist or were needed. */
    public long nextNumber() {
        long highest = present.isEmpty() ? 0 : present.get(present.size() - 1);
        return Math.max(highest + 1, Math.max(1, first));
    }

    /** True when there is no log, and none is needed. */
    public boolean isEmpty() {
        return present.isEmpty() && id == 0;
    }

    /**
     * Gives all writes after {@code kept} to {@code handler}, unless the handler stops that.
     *
     * @param kept the sequence number up to which everything is in files
     * @throws CorruptionException when a log is damaged, missing, or of another store; the writes before that place
     *     were given to the handler
     */
    public void replay(long kept, WalHandler handler) throws IOException {
        List<Log> logs = new ArrayList<>();
        Set<Long> numbers = new HashSet<>();
        for (long number : present) {
            if (number >= first) {
                Log log = look(number);
                if (log != null) {
                    logs.add(log);
                    numbers.add(number);
                }
            }
        }
        needed = numbers;
        if (id == 0) {
            return;
        }
        requireAll(logs);
        int from = logs.size() - 1;
        while (from > 0 && logs.get(from).firstSequence > kept + 1) {
            from--;
        }
        if (logs.get(from).firstSequence > kept + 1) {
            Log log = logs.get(from);
            throw gap(WalFormat.name(log.number), log.startAt, kept + 1, log.firstSequence);
        }
        for (int i = from; i < logs.size() && !handler.isStopped(); i++) {
            replay(logs.get(i), i + 1 < logs.size() ? logs.get(i + 1) : null, kept, handler);
        }
    }

    /**
     * Deletes the logs that hold nothing for the manifest: older ones, and those that an open had started before it
     * failed. The manifest must be durable, so that no crash brings another one back. After {@link #replay}.
     */
    public void deleteUnneeded() {
        present.stream()
                .filter(number -> !needed.contains(number))
                .forEach(number -> LiveLogs.delete(files, WalFormat.name(number)));
    }

    /** Deletes all logs that were found. The manifest needs none of them any more. */
    public void deleteAll() {
        present.forEach(number -> LiveLogs.delete(files, WalFormat.name(number)));
    }

    private record Log(long number, long startAt, long firstSequence) {}

    /**
     * Reads the start of a log.
     *
     * @return null when the log is not needed: an open or a writer has started it, and was ended by a crash before
     *     anything was written to it
     */
    private Log look(long number) throws IOException {
        boolean needed = id != 0 && number == first;
        try (WalReader reader = WalReader.open(files, number, encryption)) {
            if (!reader.isHeaded()) {
                if (!needed && reader.isHardlyBegun(id)) {
                    return null;
                }
                throw new CorruptionException(reader.name(), 0, "the header of a write-ahead log", "other bytes");
            }
            boolean ours = id != 0 && reader.id() == id;
            long startAt = reader.position();
            boolean started = reader.next(!needed);
            if (ours && started) {
                return new Log(number, startAt, reader.firstSequence());
            }
            if (!ours && started && reader.position() < reader.size()) {
                throw new CorruptionException(
                        reader.name(),
                        WalFormat.ID_AT,
                        id == 0
                                ? "no log that was written to, because the manifest knows of none"
                                : "a log of the id " + Long.toHexString(id),
                        "one of the id " + Long.toHexString(reader.id()));
            }
            return null;
        }
    }

    private void requireAll(List<Log> logs) {
        long expected = first;
        for (Log log : logs) {
            if (log.number != expected) {
                break;
            }
            expected++;
        }
        if (expected == first || expected - first < logs.size()) {
            throw new CorruptionException(
                    WalFormat.name(expected),
                    -1,
                    "a write-ahead log that the store needs",
                    "no such file" + (logs.isEmpty() ? "" : ", but later ones"));
        }
    }

    private void replay(Log log, Log next, long kept, WalHandler handler) throws IOException {
        try (WalReader reader = WalReader.open(files, log.number, encryption)) {
            long expected = log.firstSequence;
            while (reader.next(next == null)) {
                if (handler.isStopped()) {
                    return;
                }
                long sequence = reader.firstSequence();
                // an ingest takes a sequence number, too
                if (sequence != expected && (sequence < expected || sequence > kept + 1)) {
                    throw gap(reader.name(), reader.position(), expected, sequence);
                }
                WalEntries entries = reader.entries();
                while (entries.next()) {
                    long last = sequence + entries.count() - 1;
                    if (last > kept) {
                        hand(reader.name(), sequence, kept, entries, handler);
                    }
                    sequence = last + 1;
                }
                expected = sequence;
            }
            if (next != null && next.firstSequence != expected && next.firstSequence > kept + 1) {
                throw gap(reader.name(), reader.position(), next.firstSequence, expected);
            }
        }
    }

    private static void hand(String name, long sequence, long kept, WalEntries entries, WalHandler handler) {
        if (sequence <= kept) {
            throw new CorruptionException(
                    name,
                    entries.position(),
                    "a batch that is in files as a whole or not at all",
                    "one cut at " + kept);
        }
        if (entries.commit() != null) {
            handler.commit(sequence, entries.commit());
        } else {
            handler.write(sequence, entries.writes());
        }
    }

    private static CorruptionException gap(String name, long offset, long expected, long found) {
        return new CorruptionException(
                name, offset, "write number " + expected + " to be the next", "write number " + found);
    }
}
