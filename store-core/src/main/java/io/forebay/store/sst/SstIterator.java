package io.forebay.store.sst;

import io.forebay.store.KeyRange;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.PassedValue;
import io.forebay.store.key.ValueKind;
import io.forebay.store.sst.block.BlockIterator;
import io.forebay.store.util.Slab;
import io.forebay.store.values.ValueFile;
import io.forebay.store.values.ValueReference;
import java.io.IOException;
import java.util.Arrays;

/**
 * A cursor over the visible parts of some files, one after the other. The bounds are searched once in each block, so that a
 * step compares no keys. Files are opened when the cursor comes to them. A valid cursor keeps at most one data block in memory
 * and nothing else: the metadata of the file may leave memory between two moves, and is then read again. So may a block with a
 * single long value ({@link BlockAccess#isBrief}): such a cursor has the key and the length of the value. Used by one thread, but
 * for {@link #letGo}.
 */
public final class SstIterator extends BlockIterator {
    /** A longer value leaves no buffer on the heap. */
    private static final int MOST_KEPT = 64 << 10;

    private final SstSequence files;
    private final boolean fillCache;
    private final boolean showsReferences;
    /** Null for none. */
    private final InputHeat heat;

    private int file = -1;

    // State of the present file.
    /** Null when each move gets the reader from {@link #files}. */
    private SstReader kept;

    private BlockAccess access;
    /** Null when its blocks are in the cache. */
    private String mappedFile;

    private byte[] from;
    private byte[] to;
    /** True when the file has entries before the visible range, or at or after its end. */
    private boolean clippedBelow;

    private boolean clippedAbove;
    private boolean empty;

    private int dataBlock;
    /** Where the value starts in its block, when the cursor does not keep the block. */
    private int valueAt;
    /** The place of the value file that the present entry refers to; -1 for a value that {@link #valueAt} says. */
    private int valueFileIndex;

    private long valueFileOffset;
    /** Those of the present file. */
    private ValueFile[] valueFiles;

    private String name;
    private final byte[] reference = new byte[ValueReference.MAX_BYTES];
    /** What was read of a value file, before it is known to be whole; null until a value is read. */
    private ValueBuffer read;

    /** Null until a value in a value file is read. */
    private ValueWindows windows;

    /** Gives the memory of windows; null for none: past the cache each value is read alone. */
    private SlabPool pool;

    /** The value that was asked for last; null before that. */
    private Passed passed;

    /** The visible entries of the current block: {@code [first, end)}. */
    private int first;

    private int end;

    /**
     * Makes a cursor without a position.
     *
     * @param fillCache false to read ahead past the cache
     */
    public SstIterator(SstSequence files, boolean fillCache) {
        this(files, fillCache, false, null);
    }

    /**
     * Makes a cursor of a job, which reads ahead past the cache; without a position. It shows references to values as such, see
     * {@link #valueFile()}; other cursors show them as the values.
     *
     * @param heat notes which of the blocks that are read are in the cache; null for none
     */
    public SstIterator(SstSequence files, InputHeat heat) {
        this(files, false, true, heat);
    }

    private SstIterator(SstSequence files, boolean fillCache, boolean showsReferences, InputHeat heat) {
        super(-1);
        this.files = files;
        this.fillCache = fillCache;
        this.showsReferences = showsReferences;
        this.heat = heat;
    }

    private void show(SstProperties properties, KeyRange visible) {
        from = visible.from();
        to = visible.to();
        empty = visible.isEmpty() || properties.entries() == 0;
        clippedBelow = !empty && Arrays.compareUnsigned(properties.smallestKey(), from) < 0;
        clippedAbove = !empty && to != null && Arrays.compareUnsigned(properties.largestKey(), to) >= 0;
    }

    private SstReader openFile(int next) throws IOException {
        if (next == file) {
            return reader();
        }
        closeBlock();
        file = -1;
        kept = null;
        if (access != null) {
            access.close();
            access = null;
        }
        SstReader reader = readerOf(next);
        show(reader.properties(), files.visible(next));
        valueFiles = reader.valueFiles();
        name = reader.blocks().name();
        pool = fillCache ? reader.pool() : null;
        if (windows != null) {
            windows.nextSst();
        }
        access = reader.access(fillCache, heat);
        mappedFile =
                fillCache && reader.blocks().mapped() != null ? reader.blocks().name() : null;
        overrideSequence(files.overrideSequence(next));
        file = next;
        return reader;
    }

    /** The reader of the present file. */
    private SstReader reader() throws IOException {
        return kept != null ? kept : readerOf(file);
    }

    /**
     * Keeps the reader of a scan past the cache, which is not left open for long, and a reader for which there is no room in
     * memory.
     */
    private SstReader readerOf(int index) throws IOException {
        SstReader reader = files.reader(index, fillCache);
        if (!fillCache || reader.isTransient()) {
            kept = reader;
        }
        return reader;
    }

    @Override
    public String mappedFile() {
        return mappedFile;
    }

    @Override
    public void seekToFirst() throws IOException {
        closeWindows();
        goForward(0);
    }

    @Override
    public void seekToLast() throws IOException {
        closeWindows();
        goBackward(files.count() - 1);
    }

    @Override
    public void seek(byte[] target, int offset, int length) throws IOException {
        closeWindows();
        SstReader reader = openFile(Math.max(0, files.floor(target, offset, length)));
        boolean below =
                clippedBelow && Arrays.compareUnsigned(target, offset, offset + length, from, 0, from.length) < 0;
        if (!(below ? seekInside(reader, from, 0, from.length) : seekInside(reader, target, offset, length))) {
            goForward(file + 1);
        }
    }

    @Override
    public void seekBefore(byte[] target, int offset, int length) throws IOException {
        closeWindows();
        int candidate = files.floor(target, offset, length);
        if (candidate < 0) {
            leave();
            return;
        }
        SstReader reader = openFile(candidate);
        boolean above = clippedAbove && Arrays.compareUnsigned(target, offset, offset + length, to, 0, to.length) > 0;
        if (!(above ? seekBeforeInside(reader, to, 0, to.length) : seekBeforeInside(reader, target, offset, length))) {
            goBackward(file - 1);
        }
    }

    @Override
    public void next() throws IOException {
        if (index() + 1 < end) {
            stepForward();
            showReference();
        } else if (end < count() || !enterNext(reader())) {
            goForward(file + 1);
        }
    }

    @Override
    public void prev() throws IOException {
        if (index() > first) {
            stepBack();
            showReference();
        } else if (first > 0 || !enterPrevious(reader())) {
            goBackward(file - 1);
        }
    }

    /** Moves to the first entry of file {@code next} and the files after it. */
    private void goForward(int next) throws IOException {
        for (int candidate = next; candidate < files.count(); candidate++) {
            if (enterFirst(openFile(candidate))) {
                return;
            }
        }
        leave();
    }

    /** Moves to the last entry of file {@code next} and the files before it. */
    private void goBackward(int next) throws IOException {
        for (int candidate = next; candidate >= 0; candidate--) {
            if (enterLast(openFile(candidate))) {
                return;
            }
        }
        leave();
    }

    // Moves inside the present file. Each returns whether there is a visible entry.

    private boolean enterFirst(SstReader reader) throws IOException {
        if (clippedBelow) {
            return seekInside(reader, from, 0, from.length);
        }
        if (empty) {
            return false;
        }
        enter(reader, 0);
        return showIfVisible(first);
    }

    private boolean enterLast(SstReader reader) throws IOException {
        if (clippedAbove) {
            return seekBeforeInside(reader, to, 0, to.length);
        }
        if (empty) {
            return false;
        }
        enter(reader, reader.top().dataBlocks() - 1);
        return showIfVisible(end - 1);
    }

    private boolean seekInside(SstReader reader, byte[] target, int offset, int length) throws IOException {
        TopIndex top = reader.top();
        int partition = empty ? top.partitions() : top.find(target, offset, length);
        if (partition == top.partitions()) {
            return false;
        }
        enter(reader, access.find(reader.blocks(), partition, target, offset, length));
        int index = lowerBound(target, offset, length);
        // The target may be after the last key of the block, and not after its separator.
        return index < count() ? showIfVisible(index) : enterNext(reader);
    }

    private boolean seekBeforeInside(SstReader reader, byte[] target, int offset, int length) throws IOException {
        if (empty) {
            return false;
        }
        TopIndex top = reader.top();
        int partition = top.find(target, offset, length);
        if (partition == top.partitions()) {
            enter(reader, top.dataBlocks() - 1);
            return showIfVisible(end - 1);
        }
        enter(reader, access.find(reader.blocks(), partition, target, offset, length));
        int index = lowerBound(target, offset, length) - 1;
        return index >= 0 ? showIfVisible(index) : enterPrevious(reader);
    }

    private boolean enterNext(SstReader reader) throws IOException {
        if (dataBlock + 1 == reader.top().dataBlocks()) {
            return false;
        }
        enter(reader, dataBlock + 1);
        return showIfVisible(0);
    }

    private boolean enterPrevious(SstReader reader) throws IOException {
        if (dataBlock == 0) {
            return false;
        }
        enter(reader, dataBlock - 1);
        return showIfVisible(count() - 1);
    }

    /** Opens a data block and finds the visible entries in it. */
    private void enter(SstReader reader, int newBlock) throws IOException {
        closeBlock();
        access.data(reader.blocks(), newBlock);
        dataBlock = newBlock;
        open(access.slab, access.at, access.length);
        first = clippedBelow ? lowerBound(from, 0, from.length) : 0;
        end = clippedAbove ? lowerBound(to, 0, to.length) : count();
    }

    /** Moves to this entry, unless it is outside of the visible range. */
    private boolean showIfVisible(int index) {
        if (index < first || index >= end) {
            return false;
        }
        moveTo(index);
        valueFileIndex = -1;
        showReference();
        if (access.isBrief) {
            valueAt = valueOffset - access.at;
            dropBlock();
            access.release();
        }
        return true;
    }

    /** When the present entry is a reference: finds its value, which is not in this block. */
    private void showReference() {
        if (kind != ValueKind.REFERENCE) {
            return;
        }
        boolean complete = false;
        try {
            valueSlab.get(valueOffset, reference, 0, Math.min(valueLength, reference.length));
            ValueReference place = ValueReference.read(reference, valueLength, name, -1);
            valueFileIndex = place.file();
            valueFileOffset = place.offset();
            valueLength = place.length();
            valueSlab = null;
            kind = showsReferences ? ValueKind.REFERENCE : ValueKind.PUT;
            complete = true;
        } finally {
            if (!complete) {
                closeBlock();
            }
        }
    }

    /** Where the value of an entry of kind {@link ValueKind#REFERENCE} is. */
    public ValueFile valueFile() {
        SstReader.checkReference(valueFileIndex, valueFiles.length, name);
        return valueFiles[valueFileIndex];
    }

    /** Where it starts in that file. */
    public long valueFileOffset() {
        return valueFileOffset;
    }

    /** @param place of the file in the list of the present SST; -1 when it is one of another SST */
    private void readFromValueFile(ValueFile from, int place, long offset, int length, ValueBuffer into)
            throws IOException {
        if (isInWindow(from, place, offset, length)) {
            from.take(offset, length, windows.slab, windows.at, into);
        } else {
            readAlone(from, offset, length);
            System.arraycopy(read.array(), 0, into.reset(length), 0, length);
            forgetLong(length);
        }
    }

    private boolean isInWindow(ValueFile from, int place, long offset, int length) throws IOException {
        if (place < 0) {
            return false;
        }
        if (windows == null) {
            windows = new ValueWindows(pool);
        }
        return windows.find(from, place, valueFiles.length, offset, length);
    }

    private void readAlone(ValueFile from, long offset, int length) throws IOException {
        if (read == null || length > MOST_KEPT) {
            read = new ValueBuffer(0);
        }
        from.read(offset, length, read);
    }

    private void forgetLong(int length) {
        if (length > MOST_KEPT) {
            read = null;
        }
    }

    /** A value in a value file. */
    private final class Passed implements PassedValue {
        private ValueFile from;
        private ValueFile[] files;
        private int place;
        private long offset;
        private int length;

        @Override
        public void read(ValueBuffer into) throws IOException {
            readFromValueFile(from, files == valueFiles ? place : -1, offset, length, into);
        }
    }

    @Override
    public PassedValue passedValue() {
        if (valueSlab != null || valueFileIndex < 0) {
            return null;
        }
        if (passed == null) {
            passed = new Passed();
        }
        passed.from = valueFile();
        passed.files = valueFiles;
        passed.place = valueFileIndex;
        passed.offset = valueFileOffset;
        passed.length = valueLength;
        return passed;
    }

    @Override
    protected void readValue(ValueBuffer into) throws IOException {
        if (valueFileIndex >= 0) {
            readFromValueFile(valueFile(), valueFileIndex, valueFileOffset, valueLength, into);
            return;
        }
        readFromBlock(into, null, 0);
    }

    @Override
    protected void readValue(byte[] into, int at) throws IOException {
        if (valueFileIndex < 0) {
            readFromBlock(null, into, at);
            return;
        }
        ValueFile from = valueFile();
        if (isInWindow(from, valueFileIndex, valueFileOffset, valueLength)) {
            from.take(valueFileOffset, valueLength, windows.slab, windows.at, into, at);
        } else {
            readAlone(from, valueFileOffset, valueLength);
            System.arraycopy(read.array(), 0, into, at, valueLength);
            forgetLong(valueLength);
        }
    }

    /** @param buffer gets the value; null for {@code array} */
    private void readFromBlock(ValueBuffer buffer, byte[] array, int at) throws IOException {
        SstBlocks blocks = reader().blocks();
        blocks.slots().countUses(1);
        long pin = blocks.pin(dataBlock);
        try {
            Slab slab = blocks.slab(dataBlock, pin);
            byte[] into = buffer == null ? array : buffer.reset(valueLength);
            slab.get(BlockSlots.offset(pin) + valueAt, into, at, valueLength);
        } finally {
            blocks.unpin(dataBlock, pin);
        }
    }

    /** Another scan begins, or none. */
    private void closeWindows() {
        if (windows != null) {
            windows.close();
        }
    }

    private void leave() {
        closeBlock();
        closeWindows();
        if (access != null) {
            access.release();
        }
    }

    @Override
    public void letGo() {
        dropBlock();
        closeWindows();
        if (access != null) {
            access.close();
        }
    }

    @Override
    public void close() {
        closeBlock();
        closeWindows();
        kept = null;
        if (access != null) {
            access.close();
        }
    }
}
