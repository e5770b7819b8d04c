package io.forebay.store.flush;

import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Failures;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueFileWriter;
import io.forebay.store.values.ValueReference;
import io.forebay.store.values.ValueShare;
import io.forebay.store.version.FileId;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The values of the SST that is being written which do not lie in it: writes those that are new to value files, and adds up what the SST
 * has in each file, also in those that were there before. A new value file is of one SST; when it is full, another one follows. Used by
 * one thread.
 *
 * <pre>
 *   add, move    for the entries of the SST
 *   finish       the bytes of the new files are durable; what the SST says about its value files
 *   release      the SST is finished and refers to the files: on to the next one
 *   close        deletes the new files that no SST refers to
 * </pre>
 */
final class ValueOutput implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(ValueOutput.class);

    /** A value file ends with the value that brings it to this length. */
    private static final long FULL_BYTES = 256L << 20;

    private final SstTarget target;
    private final Set<FileId> garbage;

    /** What the present SST has in its value files, in the order of their places. */
    private final List<Part> parts = new ArrayList<>();
    /** The parts of the files that were there before. */
    private final Map<ValueFile, Part> moved = new IdentityHashMap<>();
    /** Which files a value may be moved from. */
    private final Map<ValueFile, Boolean> mayStay = new IdentityHashMap<>();
    /** The new files of the present SST. */
    private final List<FileId> made = new ArrayList<>();

    /** What the parts have, added up. */
    private long partBytes;

    /** Null when there is none. */
    private ValueFileWriter writer;
    /** The part of the present writer. */
    private Part writing;

    private boolean closed;

    /** @param garbage value files from which values are copied rather than moved */
    ValueOutput(SstTarget target, Set<FileId> garbage) {
        this.target = target;
        this.garbage = garbage;
    }

    /** What the present SST has in one file. */
    private static final class Part {
        final int index;
        long bytes;
        /** Null while the file is being written. */
        ValueShare listed;

        final FileId id;
        final String keyId;

        Part(int index, FileId id, String keyId) {
            this.index = index;
            this.id = id;
            this.keyId = keyId;
        }

        @Override
        public String toString() {
            return id.valueFileName();
        }
    }

    /** Whether an entry of that kind has its value in a value file. */
    boolean takes(byte kind, int length) {
        return kind == ValueKind.PUT && isLong(length);
    }

    private boolean isLong(int length) {
        int threshold = target.valueFileThreshold();
        return threshold > 0 && length >= threshold;
    }

    /** Writes a value of the present SST. */
    ValueReference add(Slab value, int at, int length) throws IOException {
        ready();
        long offset = writer.add(value, at, length);
        return added(offset, length);
    }

    /** As the other method, with the value in an array. */
    ValueReference add(byte[] value, int at, int length) throws IOException {
        ready();
        long offset = writer.add(value, at, length);
        return added(offset, length);
    }

    private ValueReference added(long offset, int length) {
        writing.bytes += writer.storedBytes(length);
        partBytes += writer.storedBytes(length);
        return new ValueReference(writing.index, offset, length);
    }

    /**
     * Whether a value may stay where it is. Else it is to be copied: a value that is short by now, of a small file, of one with much garbage,
     * or of one that is not encrypted as new files are.
     */
    boolean moves(ValueFile file, int length) {
        return isLong(length) && mayStay.computeIfAbsent(file, this::mayStay);
    }

    private boolean mayStay(ValueFile file) {
        ValueShare share = file.share(1);
        String keyId = target.registry().encryption().currentKeyId();
        return !share.isShort(target.targetFileBytes())
                && !garbage.contains(FileId.of(share))
                && Objects.equals(keyId, share.keyId());
    }

    /** Adds to the present SST a value that stays where it is. */
    ValueReference move(ValueFile file, long offset, int length) {
        Part part = moved.get(file);
        if (part == null) {
            ValueShare share = file.share(1);
            part = new Part(parts.size(), FileId.of(share), share.keyId());
            part.listed = share;
            parts.add(part);
            moved.put(file, part);
        }
        part.bytes += file.storedBytes(length);
        partBytes += file.storedBytes(length);
        return new ValueReference(part.index, offset, length);
    }

    /** Whether the present SST has as many values in value files as one should have. */
    boolean isFull() {
        return partBytes / SstTarget.VALUES_PER_SST >= target.targetFileBytes();
    }

    /** Opens a file for the next value. */
    private void ready() throws IOException {
        if (writer != null && writer.position() >= FULL_BYTES) {
            finishFile();
        }
        if (writer == null) {
            startFile();
        }
    }

    private void startFile() throws IOException {
        FileId id = FileId.random(target.ids());
        String name = id.valueFileName();
        FileCipher cipher = target.registry().encryption().create(name);
        Part part = new Part(parts.size(), id, cipher == null ? null : cipher.keyId());
        // A failed create may leave a file, so the name is noted first.
        made.add(id);
        WritableFile file = target.registry().create(name);
        try {
            writer = new ValueFileWriter(
                    file, name, cipher, id.high(), id.low(), target.clock().currentTimeMillis());
        } catch (RuntimeException | Error e) { // there is no memory for its buffer
            Failures.close(e, file);
            throw e;
        }
        parts.add(part);
        writing = part;
    }

    private void finishFile() throws IOException {
        long values = writing.bytes; // all that are in the file
        long length = writer.finish();
        writing.listed =
                new ValueShare(writing.id.high(), writing.id.low(), length, length - values, values, writing.keyId);
        writer = null;
        writing = null;
    }

    /**
     * Ends the present file. On return the bytes of all new files are durable.
     *
     * @return what the present SST has in value files, in the order of the places in its references; maybe nothing
     */
    List<ValueShare> finish() throws IOException {
        if (writer != null) {
            finishFile();
        }
        List<ValueShare> shares = new ArrayList<>();
        for (Part part : parts) {
            ValueShare listed = part.listed;
            shares.add(new ValueShare(
                    listed.high(), listed.low(), listed.fileBytes(), listed.frameBytes(), part.bytes, listed.keyId()));
        }
        return shares;
    }

    /** The present SST is finished, and keeps its value files from now on. Allocates nothing. */
    void release() {
        parts.clear();
        partBytes = 0;
        moved.clear();
        made.clear();
    }

    /** Deletes the new files of an SST that was not finished. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (writer != null) {
                writer.abandon();
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing the unfinished file {} failed; it is deleted", writing, e);
        } finally {
            made.forEach(target.registry()::discardValueFile);
        }
    }
}
