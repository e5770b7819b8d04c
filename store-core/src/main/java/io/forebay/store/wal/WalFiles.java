package io.forebay.store.wal;

import io.forebay.store.FileStore;
import io.forebay.store.crypto.Encryption;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log file of a {@link WriteAheadLog} that is being written, and the start of the next one. It counts what is written.
 *
 * <p>One thread at a time, the leader of the log, calls the methods; any thread reads the counters. This class does not know
 * why a file ends, and reacts to no failure: {@link WriteAheadLog} does.
 */
final class WalFiles {
    private static final Logger LOG = LoggerFactory.getLogger(WalFiles.class);

    private final FileStore files;
    private final Encryption encryption;
    private final long id;
    private final LiveLogs live;

    // Guarded by WriteAheadLog
    private WalFile file;

    // Written under WriteAheadLog, read without
    private volatile long syncs;
    private volatile long bytesWritten;

    /** Makes the first log file; it is durable on return. The parameters are those of {@link WriteAheadLog#start}. */
    WalFiles(FileStore files, Encryption encryption, long id, long number, long firstSequence) throws IOException {
        this.files = files;
        this.encryption = encryption;
        this.id = id;
        live = new LiveLogs(files);
        create(number, firstSequence);
    }

    private void create(long number, long firstSequence) throws IOException {
        file = WalFile.create(files, encryption, id, number, firstSequence);
        syncs++;
        bytesWritten += file.bytes();
        live.add(file);
    }

    /** Appends a group as one record. */
    void append(CommitGroup group) throws IOException {
        long before = file.bytes();
        file.append(group);
        bytesWritten += file.bytes() - before;
        live.grown(file.bytes());
    }

    /** Syncs the file, unless all of it is synced. */
    void sync() throws IOException {
        if (!file.isSynced()) {
            file.sync();
            syncs++;
        }
    }

    /** Makes the next log file; it is durable on return. All of the present one is synced. */
    void startNext(long firstSequence) throws IOException {
        file.close();
        create(file.number() + 1, firstSequence);
    }

    /** As {@link #startNext}, after a failure of the present file or of an earlier call. */
    void replaceFailed(long firstSequence) throws IOException {
        try {
            file.close();
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing the failed log {} in {} failed; it is not used any more", name(), files.describe(), e);
        }
        long number = file.number() + 1;
        files.delete(WalFormat.name(number)); // an earlier call may have left this file
        create(number, firstSequence);
    }

    /** The first sequence number that the file may have. */
    long firstSequence() {
        return file.firstSequence();
    }

    /** The name of the file. */
    String name() {
        return WalFormat.name(file.number());
    }

    void close() throws IOException {
        file.close();
    }

    // ---- any thread

    long id() {
        return id;
    }

    /** The log files that were not deleted. */
    LiveLogs live() {
        return live;
    }

    /** How often a file was synced, the syncs of new files included. */
    long syncs() {
        return syncs;
    }

    /** Bytes that were appended, those of new files included. */
    long bytesWritten() {
        return bytesWritten;
    }
}
