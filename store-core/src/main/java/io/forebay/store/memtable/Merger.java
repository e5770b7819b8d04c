package io.forebay.store.memtable;

import io.forebay.store.MergeFunction;
import io.forebay.store.key.ValueKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what becomes of an operand: it is folded at once with the version below, or appended to that version in place, or
 * stacked as a version of its own and folded later with others. Only versions that may be overwritten ({@link RecordWriter})
 * and that no range delete hides are folded. The merge function is associative, so any run of neighbours may be folded.
 *
 * <p>Where merging is concatenation, operands are appended to the newest version while its slot has room. When the slot is
 * full, the next operand becomes a new version with a slot twice as long. So nothing is copied again, no memory is lost, and a
 * value of many operands still has few versions.
 *
 * <p>Any other function is called. To fold late is cheap: many operands are folded with a long value at once, so that a byte is
 * copied a bounded number of times, however many operands follow; but never more than {@link #LONGEST_CHAIN} operands wait to
 * be folded. A function that fails never fails a write: then the operands stay as they are. Used by the writer only.
 */
final class Merger {
    /**
     * An operand is folded at once if it and the version below have at most this length together: so a counter stays one
     * version.
     */
    private static final int AT_ONCE_BYTES = 256;
    /** After every so many stacked operands the merger checks whether folding pays. */
    private static final int CHAIN_STEP = 16;
    /** Folding pays when the operands have at least this part of the length of the version below them, ... */
    private static final int PART = 4;
    /** ... and always when there are so many operands. */
    static final int LONGEST_CHAIN = 128;
    /** Longer values are left to the flush. */
    private static final int FOLDED_BYTES_MAX = 16 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Merger.class);

    private final MergeFunction function;
    private final int delimiter;
    private final RecordWriter records;

    Merger(MergeFunction function, RecordWriter records) {
        this.function = function;
        this.delimiter = function.appendDelimiter();
        this.records = records;
    }

    /**
     * Adds an operand to the key that {@code records} has located; {@code cover} is the newest range delete over the key, or
     * -1.
     */
    void merge(
            byte[] key,
            int offset,
            int length,
            byte[] operand,
            int from,
            int bytes,
            long sequence,
            long pinned,
            long cover) {
        if (cover > records.sequence() || records.kind() == ValueKind.DELETE) {
            records.write(ValueKind.PUT, operand, from, bytes, sequence, pinned);
            return;
        }
        if (records.sequence() <= pinned) {
            records.stack(ValueKind.MERGE, operand, from, bytes, sequence, 0);
            return;
        }
        if (delimiter >= 0) {
            if (!records.append((byte) delimiter, operand, from, bytes, sequence)) {
                records.stackRoomy(operand, from, bytes, sequence);
            }
            return;
        }
        byte[] copy = Arrays.copyOfRange(operand, from, from + bytes);
        if (records.valueLength() + (long) bytes <= AT_ONCE_BYTES) {
            byte[] folded = fold(key, offset, length, List.of(records.copyValue(), copy));
            if (folded != null && records.replace(records.kind(), folded, sequence, 0)) {
                return;
            }
        }
        int chain = records.chain() + 1;
        if (chain % CHAIN_STEP == 0) {
            chain = foldChain(key, offset, length, copy, sequence, pinned, cover);
        }
        if (chain >= 0) {
            records.stack(ValueKind.MERGE, operand, from, bytes, sequence, chain);
        }
    }

    /**
     * Folds the operand with the versions below, if that pays. Returns -1 if it did, else the number of versions that could be
     * folded.
     */
    private int foldChain(byte[] key, int offset, int length, byte[] operand, long sequence, long pinned, long cover) {
        int newest = records.ref();
        int bottom = 0;
        int count = 0;
        byte kind = ValueKind.MERGE;
        long above = 0;
        long last = operand.length;
        boolean more = true;
        while (more
                && kind == ValueKind.MERGE
                && records.sequence() > pinned
                && records.sequence() > cover
                && records.kind() != ValueKind.DELETE
                && above + last + records.valueLength() <= FOLDED_BYTES_MAX) {
            above += last;
            last = records.valueLength();
            kind = records.kind();
            bottom = records.ref();
            count++;
            more = records.descend();
        }
        if (count == 0 || (above * PART < last && count < LONGEST_CHAIN)) {
            return count;
        }
        List<byte[]> values = new ArrayList<>(count + 1);
        values.add(operand);
        records.select(newest);
        values.add(records.copyValue());
        while (records.ref() != bottom) {
            records.descend();
            values.add(records.copyValue());
        }
        Collections.reverse(values);
        byte[] folded = fold(key, offset, length, values);
        return folded != null && records.replace(kind, folded, sequence, count - 1) ? -1 : count;
    }

    /** Null when the function fails: a write does not need its result, and a read of the key reports the failure. */
    private byte[] fold(byte[] key, int offset, int length, List<byte[]> oldestFirst) {
        try {
            return function.merge(Arrays.copyOfRange(key, offset, offset + length), oldestFirst);
        } catch (RuntimeException | Error e) {
            LOG.debug("Merge function {} failed; the operands stay apart", function.name(), e);
            return null;
        }
    }
}
