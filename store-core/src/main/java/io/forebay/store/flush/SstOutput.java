package io.forebay.store.flush;

import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.iter.RetentionIterator;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.CacheAdmission;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.sst.WrittenSst;
import io.forebay.store.util.Failures;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueReference;
import io.forebay.store.version.FileBounds;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.PhysicalFile;
import io.forebay.store.version.SstInfo;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes entries in internal order, and range deletes in key order between them, to as many SSTs as needed: the files of one
 * run. Long values go to value files ({@link ValueOutput}). A file ends once it has the target size, a multiple of it in value files,
 * or as many range deletes as one file may have, or at a split key; earlier when the budget has no room for its tail. It ends only
 * between two user keys, between two range deletes, or within a range delete, which is then cut. Used by one thread.
 *
 * <p>Call {@link #add} for all entries and {@link #addTombstone} for all range deletes, or {@link #addAll}, then
 * {@link #finish}, and {@link #close} always: without a successful finish it deletes every file that was made.
 */
public final class SstOutput implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(SstOutput.class);

    /**
     * A file that ends because the budget has no room for its tail has so many eighths of the target size, so that it is not
     * small: a merge of small files must not make the same small files again.
     */
    private static final int LEAST_EIGHTHS = 3;

    private final SstTarget target;
    private final TombstoneFeed tombstones;
    private final List<byte[]> splitKeys;
    private final long leastBytes;
    private final KeyRange within;
    /** Null when the blocks do not enter the cache. */
    private final CacheAdmission admission;

    private int nextSplit;
    private long splitHead;

    private final List<FileMeta> finished = new ArrayList<>();
    private long finishedBytes;

    /** The writer of the present file; null when there is none. */
    private SstWriter writer;

    private FileId writing;
    /** The cipher of the present file; null when it is plain. */
    private FileCipher cipher;
    /** The values of the present file that are not in it. */
    private final ValueOutput values;

    /**
     * Once the present file is large enough, the first key at which it may end: right after all that it has. Null before that.
     */
    private byte[] earliestEnd;

    /** A value that is copied from a value file. */
    private final ValueBuffer copied = new ValueBuffer(0);

    private boolean done;

    /**
     * @param tombstones cuts the range delete over the end of each file
     * @param splitKeys keys at which a file must end, ascending; may be empty
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> splitKeys) {
        this(target, tombstones, splitKeys, 0);
    }

    /**
     * @param tombstones cuts the range delete over the end of each file
     * @param splitKeys keys at which a file must end if it has {@code leastBytes}, ascending
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> splitKeys, long leastBytes) {
        this(target, tombstones, splitKeys, leastBytes, KeyRange.all(), null, Set.of());
    }

    /**
     * @param tombstones cuts the range delete over the end of each file
     * @param splitKeys keys at which a file must end if it has {@code leastBytes}, ascending
     * @param within contains all that is added; the ranges of the files stay within it
     * @param admission which blocks enter the cache; null for none
     * @param garbage value files from which values are copied when they are referred to, because little else of them is needed
     */
    public SstOutput(
            SstTarget target,
            TombstoneFeed tombstones,
            List<byte[]> splitKeys,
            long leastBytes,
            KeyRange within,
            CacheAdmission admission,
            Set<FileId> garbage) {
        this.target = target;
        this.tombstones = tombstones;
        this.splitKeys = List.copyOf(splitKeys);
        this.leastBytes = leastBytes;
        this.within = within;
        this.admission = admission;
        values = new ValueOutput(target, garbage);
        loadSplitKey();
    }

    /**
     * Adds the next entry. Bytes are copied.
     *
     * @param value may be null when {@code valueLength} is 0
     * @throws IllegalArgumentException when the entry is out of order
     */
    public void add(
            byte[] key,
            int keyOffset,
            int keyLength,
            long sequence,
            byte kind,
            Slab value,
            int valueOffset,
            int valueLength)
            throws IOException {
        prepare(key, keyOffset, keyLength);
        if (values.takes(kind, valueLength)) {
            ValueReference place = values.add(value, valueOffset, valueLength);
            writer.addReference(key, keyOffset, keyLength, sequence, place);
        } else {
            writer.add(key, keyOffset, keyLength, sequence, kind, value, valueOffset, valueLength);
        }
        added(key, keyOffset, keyLength);
    }

    /** As the other method, with the value in an array. */
    public void add(
            byte[] key,
            int keyOffset,
            int keyLength,
            long sequence,
            byte kind,
            byte[] value,
            int valueOffset,
            int valueLength)
            throws IOException {
        prepare(key, keyOffset, keyLength);
        if (values.takes(kind, valueLength)) {
            ValueReference place = values.add(value, valueOffset, valueLength);
            writer.addReference(key, keyOffset, keyLength, sequence, place);
        } else {
            writer.add(key, keyOffset, keyLength, sequence, kind, value, valueOffset, valueLength);
        }
        added(key, keyOffset, keyLength);
    }

    /**
     * Adds the next entry, a put whose value is in a value file. The file will be one of the new SST as well; the value is copied when it
     * must not stay there.
     */
    public void addReference(
            byte[] key, int keyOffset, int keyLength, long sequence, ValueFile file, long offset, int valueLength)
            throws IOException {
        if (!values.moves(file, valueLength)) {
            file.read(offset, valueLength, copied);
            add(key, keyOffset, keyLength, sequence, ValueKind.PUT, copied.array(), 0, valueLength);
            return;
        }
        prepare(key, keyOffset, keyLength);
        writer.addReference(key, keyOffset, keyLength, sequence, values.move(file, offset, valueLength));
        added(key, keyOffset, keyLength);
    }

    /** Adds all entries and range deletes of an iterator that was not started. */
    public void addAll(RetentionIterator entries) throws IOException {
        for (entries.start(this::addTombstone); entries.isValid(); entries.next()) {
            if (entries.kind() == ValueKind.REFERENCE) {
                addReference(
                        entries.key(),
                        0,
                        entries.keyLength(),
                        entries.sequence(),
                        entries.valueFile(),
                        entries.valueFileOffset(),
                        entries.valueLength());
            } else {
                add(
                        entries.key(),
                        0,
                        entries.keyLength(),
                        entries.sequence(),
                        entries.kind(),
                        entries.valueSlab(),
                        entries.valueOffset(),
                        entries.valueLength());
            }
            if (entries.isCovered()) {
                writer.covered();
            }
        }
    }

    /** Bytes of the finished files, and an estimate for the present one. */
    public long bytesWritten() {
        return finishedBytes + (writer == null ? 0 : writer.estimatedBytes());
    }

    /**
     * Adds the next range delete. All entries before its end must have been added, and none at or after its end.
     *
     * @param fragment at or after the end of the range delete before. Its arrays are kept
     */
    public void addTombstone(Fragment fragment) throws IOException {
        byte[] start = fragment.start();
        passSplitKeys(start, 0, start.length);
        byte[] at = start;
        while (nextSplit < splitKeys.size()
                && (fragment.end() == null || Arrays.compareUnsigned(splitKeys.get(nextSplit), fragment.end()) < 0)) {
            byte[] splitKey = splitKeys.get(nextSplit);
            take(new Fragment(at, splitKey, fragment.sequences()));
            passSplitKey();
            at = splitKey;
        }
        take(at == start ? fragment : new Fragment(at, fragment.end(), fragment.sequences()));
    }

    private void take(Fragment fragment) throws IOException {
        endBefore(fragment.start(), 0, fragment.start().length);
        if (writer == null) {
            startFile();
        }
        writer.addTombstone(fragment);
        if (fragment.end() != null && isFull()) {
            earliestEnd = fragment.end();
        }
    }

    /**
     * Ends the last file. On return the bytes of all files are durable; their names are durable when the edit that adds them is
     * applied.
     *
     * @return the files in key order, maybe none. Each has a reference that the caller releases when the edit that adds the
     *     file is applied, or has failed; without an applied edit the release deletes the file
     */
    public List<FileMeta> finish() throws IOException {
        while (nextSplit < splitKeys.size()) {
            passSplitKey();
        }
        cut(null);
        done = true;
        return List.copyOf(finished);
    }

    @Override
    public void close() {
        if (done) {
            return;
        }
        done = true;
        try {
            for (FileMeta file : finished) {
                file.file().release();
            }
        } finally {
            abandon();
        }
    }

    private void abandon() {
        try {
            abandonSst();
        } finally {
            values.close();
        }
    }

    private void abandonSst() {
        if (writing == null) {
            return;
        }
        try {
            if (writer != null) {
                writer.abandon();
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("Closing the unfinished file {} failed; it is deleted", writing.name(), e);
        } finally {
            target.registry().discard(writing);
        }
    }

    /** Ends the present file if it must end before the key, and starts a new one if there is none. */
    private void prepare(byte[] key, int offset, int length) throws IOException {
        passSplitKeys(key, offset, length);
        endBefore(key, offset, length);
        if (writer == null) {
            startFile();
        }
    }

    private void added(byte[] key, int offset, int length) {
        if (isFull()) {
            // the smallest key after this one
            earliestEnd = Arrays.copyOf(Arrays.copyOfRange(key, offset, offset + length), length + 1);
        }
    }

    private boolean isFull() {
        return earliestEnd != null
                || writer.tombstoneBytes() >= target.tombstoneBytes()
                || writer.hasReached(target.targetFileBytes())
                || values.isFull()
                || writer.isShortOfMemory() && writer.hasReached(target.targetFileBytes() / 8 * LEAST_EIGHTHS);
    }

    /** Ends a file that is large enough, if it may end before the key. */
    private void endBefore(byte[] key, int offset, int length) throws IOException {
        byte[] end = earliestEnd == null ? null : FileBounds.between(earliestEnd, key, offset, length);
        if (end != null) {
            cut(end);
        }
    }

    private void passSplitKeys(byte[] key, int offset, int length) throws IOException {
        while (nextSplit < splitKeys.size() && isAtOrAfterSplit(key, offset, length)) {
            passSplitKey();
        }
    }

    private boolean isAtOrAfterSplit(byte[] key, int offset, int length) {
        int byHead = Long.compareUnsigned(Slab.head(key, offset, length), splitHead);
        byte[] splitKey = splitKeys.get(nextSplit);
        return byHead != 0 ? byHead > 0 : Slab.compare(key, offset, length, splitKey, 0, splitKey.length) >= 0;
    }

    private void passSplitKey() throws IOException {
        byte[] end = splitKeys.get(nextSplit);
        boolean large = leastBytes == 0 || writer != null && writer.estimatedBytes() >= leastBytes;
        if (large && end.length <= FileBounds.MAX_BYTES) {
            cut(end);
        }
        nextSplit++;
        loadSplitKey();
    }

    private void loadSplitKey() {
        if (nextSplit < splitKeys.size()) {
            byte[] splitKey = splitKeys.get(nextSplit);
            splitHead = Slab.head(splitKey, 0, splitKey.length);
        }
    }

    /**
     * Ends the present file with the part before {@code end} of the range delete over {@code end}. That part may be a file of
     * its own.
     *
     * @param end null for the last file
     */
    private void cut(byte[] end) throws IOException {
        Fragment before = end == null ? null : tombstones.cut(end);
        if (writer == null && before != null) {
            startFile();
        }
        earliestEnd = null;
        if (writer == null) {
            return;
        }
        if (before != null) {
            writer.addTombstone(before);
        }
        writer.valueFiles(values.finish());
        SstProperties properties = writer.finish();
        String keyId = cipher == null ? null : cipher.keyId();
        SstInfo info = SstInfo.of(properties, keyId);
        PhysicalFile file = target.registry().acquire(writing, info);
        finished.add(new FileMeta(writing, info, FileBounds.shortened(properties.range(), within), false, -1, file));
        values.release(); // the SST has them now
        finishedBytes += properties.fileBytes();
        SstWriter ended = writer;
        writer = null;
        writing = null;
        WrittenSst written = ended.takeWritten();
        if (written != null) {
            file.adopt(written);
        }
    }

    private SstWriter writer(WritableFile file, FileId id) {
        try {
            return new SstWriter(
                    file,
                    id.name(),
                    cipher,
                    target.held(),
                    target.compression(),
                    target.blockBytes(),
                    target.bloomBitsPerKey(),
                    target.clock().currentTimeMillis());
        } catch (RuntimeException | Error e) {
            Failures.close(e, file);
            throw e;
        }
    }

    private void startFile() throws IOException {
        FileId id = FileId.random(target.ids());
        cipher = target.registry().encryption().create(id.name());
        // A failed create may leave a file, so the name is noted first.
        writing = id;
        writer = writer(target.registry().create(id.name()), id);
        if (admission != null) {
            writer.fillCache(target.registry().cacheFill(admission, target.held()));
        }
    }
}
