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
 * Decides what becomes of an operand: folded at once into the version below, appended to it in place, or stacked as a
 * version of its own and folded later with others. Only versions that may be overwritten ({@link Versions}) and that no
 * range delete hides are folded; the merge function is associative, so any run of neighbours may be.
 *
 * <p>Where merging is concatenation, operands are appended to the newest version while its slot has room. When it is full
 * the next operand gets a slot twice as long, on top: nothing is copied again, nothing is left behind, and a value of many
 * operands still has few versions.
 *
 * <p>Other functions are called. Folding late makes it cheap: many operands are folded into a long value at once, so that a
 * byte is copied a bounded number of times, however many operands follow; but never more than {@link #LONGEST_CHAIN} wait
 * for it. A function that fails never fails a write: then operands stay as they are. Writer only.
 */
final class Merger {
    /** Results up to this length are folded at once: a counter stays one version. */
    private static final int AT_ONCE_BYTES = 256;
    /** Every so many stacked operands it is looked whether folding pays. */
    private static final int CHAIN_STEP = 16;
    /** It pays when the operands have this part of the length of what is below, ... */
    private static final int PART = 4;
    /** ... and in any case when there are so many. */
    static final int LONGEST_CHAIN = 128;
    /** Longer values are left to the flush. */
    private static final int FOLDED_BYTES_MAX = 16 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(Merger.class);

    private final MergeFunction function;
    private final int delimiter;
    private final Versions versions;

    Merger(MergeFunction function, Versions versions) {
        this.function = function;
        this.delimiter = function.appendDelimiter();
        this.versions = versions;
    }

    /** Adds an operand to the key that {@code versions} has located; {@code cover}: the newest range delete over it, or -1. */
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
        if (cover > versions.sequence() || versions.kind() == ValueKind.DELETE) {
            versions.write(ValueKind.PUT, operand, from, bytes, sequence, pinned);
            return;
        }
        if (versions.sequence() <= pinned) {
            versions.stack(ValueKind.MERGE, operand, from, bytes, sequence, 0);
            return;
        }
        if (delimiter >= 0) {
            if (!versions.append((byte) delimiter, operand, from, bytes, sequence)) {
                versions.stackRoomy(operand, from, bytes, sequence);
            }
            return;
        }
        byte[] copy = Arrays.copyOfRange(operand, from, from + bytes);
        if (versions.valueLength() + (long) bytes <= AT_ONCE_BYTES) {
            byte[] folded = fold(key, offset, length, List.of(versions.copyValue(), copy));
            if (folded != null && versions.replace(versions.kind(), folded, sequence, 0)) {
                return;
            }
        }
        int chain = versions.chain() + 1;
        if (chain % CHAIN_STEP == 0) {
            chain = foldChain(key, offset, length, copy, sequence, pinned, cover);
        }
        if (chain >= 0) {
            versions.stack(ValueKind.MERGE, operand, from, bytes, sequence, chain);
        }
    }

    /** Folds the operand with the versions below if that pays: -1, else the number of versions that could be folded. */
    private int foldChain(byte[] key, int offset, int length, byte[] operand, long sequence, long pinned, long cover) {
        int newest = versions.ref();
        int bottom = 0;
        int count = 0;
        byte kind = ValueKind.MERGE;
        long above = 0;
        long last = operand.length;
        boolean more = true;
        while (more
                && kind == ValueKind.MERGE
                && versions.sequence() > pinned
                && versions.sequence() > cover
                && versions.kind() != ValueKind.DELETE
                && above + last + versions.valueLength() <= FOLDED_BYTES_MAX) {
            above += last;
            last = versions.valueLength();
            kind = versions.kind();
            bottom = versions.ref();
            count++;
            more = versions.descend();
        }
        if (count == 0 || (above * PART < last && count < LONGEST_CHAIN)) {
            return count;
        }
        List<byte[]> values = new ArrayList<>(count + 1);
        values.add(operand);
        versions.select(newest);
        values.add(versions.copyValue());
        while (versions.ref() != bottom) {
            versions.descend();
            values.add(versions.copyValue());
        }
        Collections.reverse(values);
        byte[] folded = fold(key, offset, length, values);
        return folded != null && versions.replace(kind, folded, sequence, count - 1) ? -1 : count;
    }

    /** Null when the function fails: a write does not need it, and whoever does is told. */
    private byte[] fold(byte[] key, int offset, int length, List<byte[]> oldestFirst) {
        try {
            return function.merge(Arrays.copyOfRange(key, offset, offset + length), oldestFirst);
        } catch (RuntimeException | Error e) {
            LOG.debug("Merge function {} failed; the operands stay apart", function.name(), e);
            return null;
        }
    }
}
