package io.forebay.store.flush;

import io.forebay.store.KeyRange;
import io.forebay.store.WritableFile;
import io.forebay.store.crypto.FileCipher;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.sst.SstProperties;
import io.forebay.store.sst.SstWriter;
import io.forebay.store.util.Slab;
import io.forebay.store.version.FileBounds;
import io.forebay.store.version.FileId;
import io.forebay.store.version.FileMeta;
import io.forebay.store.version.PhysicalFile;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes entries in internal order, and range deletes in key order between them, to as many SSTs as needed, the files of one
 * run. A new file begins only between two user keys, or two range deletes, or within one; once the present one has the target
 * size, or as many range deletes as one file may have, or at a fence. Used by one thread.
 *
 * <p>Call {@link #add} for all entries and {@link #addTombstone} for all range deletes, then {@link #finish}, and {@link
 * #close} always: without a successful finish it deletes every file that was made.
 */
public final class SstOutput implements Closeable {
    private final SstTarget target;
    private final TombstoneFeed tombstones;
    private final List<byte[]> cuts;
    private final long leastBytes;
    private final KeyRange within;
    private int nextCut;
    private long cutHead;

    private final List<FileMeta> finished = new ArrayList<>();
    private long finishedBytes;

    /** The file being written, or null. */
    private SstWriter writer;

    private FileId writing;
    /** Of that file; null when it is plain. */
    private FileCipher cipher;

    private long writingSinceMillis;
    /** Once the file is large enough, where it may end: right behind all that it has. Null before. */
    private byte[] earliestEnd;

    private boolean done;

    /**
     * @param tombstones asked at the end of every file for the range delete over it
     * @param cuts keys at which a file must end, ascending; for none an empty list
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> cuts) {
        this(target, tombstones, cuts, 0);
    }

    /**
     * @param tombstones asked at the end of every file for the range delete over it
     * @param cuts keys at which a file must end if it has {@code leastBytes}, ascending
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> cuts, long leastBytes) {
        this(target, tombstones, cuts, leastBytes, KeyRange.all());
    }

    /**
     * @param tombstones asked at the end of every file for the range delete over it
     * @param cuts keys at which a file must end if it has {@code leastBytes}, ascending
     * @param within holds all that is added; the ranges of the files stay in it
     */
    public SstOutput(SstTarget target, TombstoneFeed tombstones, List<byte[]> cuts, long leastBytes, KeyRange within) {
        this.target = target;
        this.tombstones = tombstones;
        this.cuts = List.copyOf(cuts);
        this.leastBytes = leastBytes;
        this.within = within;
        showCut();
    }

    /**
     * Adds the next entry. Bytes are copied.
     *
     * @param value may be null when {@code valueLength} is 0
     * @throws IllegalArgumentException when it is out of order
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
        writer.add(key, keyOffset, keyLength, sequence, kind, value, valueOffset, valueLength);
        added(key, keyOffset, keyLength);
    }

    /** As the other one, with the value in an array. */
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
        writer.add(key, keyOffset, keyLength, sequence, kind, value, valueOffset, valueLength);
        added(key, keyOffset, keyLength);
    }

    /** Bytes of the finished files and about those of the present one. */
    public long bytesWritten() {
        return finishedBytes + (writer == null ? 0 : writer.estimatedBytes());
    }

    /**
     * Adds the next range delete, all entries before whose end were added, and none at or behind it.
     *
     * @param fragment at or behind the end of the one before. Its arrays are kept
     */
    public void addTombstone(Fragment fragment) throws IOException {
        byte[] start = fragment.start();
        passCuts(start, 0, start.length);
        byte[] at = start;
        while (nextCut < cuts.size()
                && (fragment.end() == null || Arrays.compareUnsigned(cuts.get(nextCut), fragment.end()) < 0)) {
            byte[] cut = cuts.get(nextCut);
            take(new Fragment(at, cut, fragment.sequences()));
            passCut();
            at = cut;
        }
        take(at == start ? fragment : new Fragment(at, fragment.end(), fragment.sequences()));
    }

    private void take(Fragment fragment) throws IOException {
        endBefore(fragment.start(), 0, fragment.start().length);
        if (writer == null) {
            begin();
        }
        writer.addTombstone(fragment);
        if (fragment.end() != null && isFull()) {
            earliestEnd = fragment.end();
        }
    }

    /**
     * Ends the last file. The bytes of all files are durable then; their names are once the edit is applied that adds them.
     *
     * @return the files in key order, maybe none. Each holds a reference that the caller releases once the edit that adds it
     *     is applied; releasing it without such an edit deletes the file
     */
    public List<FileMeta> finish() throws IOException {
        while (nextCut < cuts.size()) {
            passCut();
        }
        cut(null);
        done = true;
        return List.copyOf(finished);
    }

    @Override
    public void close() throws IOException {
        if (done) {
            return;
        }
        done = true;
        for (FileMeta file : finished) {
            file.file().release();
        }
        if (writing != null) {
            try {
                if (writer != null) {
                    writer.abandon();
                }
            } finally {
                target.registry().discard(writing);
            }
        }
    }

    /** Ends the present file if it may not hold the key, and begins one if there is none. */
    private void prepare(byte[] key, int offset, int length) throws IOException {
        passCuts(key, offset, length);
        endBefore(key, offset, length);
        if (writer == null) {
            begin();
        }
    }

    private void added(byte[] key, int offset, int length) {
        if (isFull()) {
            // the smallest key behind this one
            earliestEnd = Arrays.copyOf(Arrays.copyOfRange(key, offset, offset + length), length + 1);
        }
    }

    private boolean isFull() {
        return earliestEnd != null
                || writer.tombstoneBytes() >= target.tombstoneBytes()
                || writer.hasReached(target.targetFileBytes());
    }

    /** Ends a file that is large enough, if what comes next lies behind a place where it may end. */
    private void endBefore(byte[] key, int offset, int length) throws IOException {
        byte[] end = earliestEnd == null ? null : FileBounds.between(earliestEnd, key, offset, length);
        if (end != null) {
            cut(end);
        }
    }

    private void passCuts(byte[] key, int offset, int length) throws IOException {
        while (nextCut < cuts.size() && isAtOrBehindCut(key, offset, length)) {
            passCut();
        }
    }

    private boolean isAtOrBehindCut(byte[] key, int offset, int length) {
        int byHead = Long.compareUnsigned(Slab.head(key, offset, length), cutHead);
        byte[] cut = cuts.get(nextCut);
        return byHead != 0 ? byHead > 0 : Slab.compare(key, offset, length, cut, 0, cut.length) >= 0;
    }

    private void passCut() throws IOException {
        byte[] end = cuts.get(nextCut);
        boolean large = leastBytes == 0 || writer != null && writer.estimatedBytes() >= leastBytes;
        if (large && end.length <= FileBounds.MAX_BYTES) {
            cut(end);
        }
        nextCut++;
        showCut();
    }

    private void showCut() {
        if (nextCut < cuts.size()) {
            byte[] cut = cuts.get(nextCut);
            cutHead = Slab.head(cut, 0, cut.length);
        }
    }

    /**
     * Ends the present file with what lies before {@code end} of the range delete over that; it may make up a file of its own.
     *
     * @param end null for the last file, behind which there is none
     */
    private void cut(byte[] end) throws IOException {
        Fragment before = end == null ? null : tombstones.cut(end);
        if (writer == null && before != null) {
            begin();
        }
        earliestEnd = null;
        if (writer == null) {
            return;
        }
        if (before != null) {
            writer.addTombstone(before);
        }
        SstProperties properties = writer.finish();
        String keyId = cipher == null ? null : cipher.keyId();
        PhysicalFile file = target.registry().acquire(writing, properties.fileBytes(), keyId);
        finished.add(new FileMeta(
                writing,
                properties.fileBytes(),
                FileBounds.shortened(properties.range(), within),
                false,
                properties.minSequence(),
                properties.maxSequence(),
                properties.entries(),
                properties.pointDeletes(),
                properties.rangeDeletes(),
                -1,
                writingSinceMillis,
                keyId,
                file));
        finishedBytes += properties.fileBytes();
        writer = null;
        writing = null;
    }

    private void begin() throws IOException {
        FileId id = FileId.random(target.ids());
        cipher = target.registry().encryption().create(id.name());
        writingSinceMillis = target.clock().currentTimeMillis();
        // A failed create may have left something behind, so the name is noted first.
        writing = id;
        WritableFile file = target.files().create(id.name());
        writer = new SstWriter(
                file,
                id.name(),
                cipher,
                target.compression(),
                target.blockBytes(),
                target.bloomBitsPerKey(),
                writingSinceMillis);
    }
}
