package io.forebay.store;

import java.util.List;

/**
 * An associative function that folds the operands of {@link Store#merge} into a value. Called from writer, reader and
 * background threads, so it must be stateless and pure.
 *
 * <p>What it throws, or a null in place of a value, stops reads of that key and nothing else. A write, the replay of a log, a
 * flush or a compaction keeps the operands as they were written, and the next one tries again; flushes and compactions say so
 * in the log. So a write takes operands that the function does not: check them before. Whoever reads the key ({@code get},
 * {@code multiGet} with it among the keys, a move of an iterator onto it) gets a {@link StoreException} that names the
 * key, unless the store is encrypted, with the exception as its cause, or the {@link Error} itself, until a put or a delete
 * of the key heals it. An iterator can be sought past it.
 *
 * <p>It should call no store. Should it do so all the same: {@code get} works everywhere, except, inside of the write of a batch,
 * for a key that this batch has changed before: the old value may be overwritten, and the new one is not to be seen yet, so it
 * gets {@link IllegalStateException}. Called by a write or by background work, methods that would wait for just that, writes,
 * commits, {@code flush}, {@code close} and the like, and inside of a write all that fix a state, get it too; so does a
 * call of the iterator that it is called by. A function that blocks blocks what calls it: writers, a flush, {@code close}.
 */
public interface MergeFunction {
    /** Identifies the function on disk; a store is refused when it is opened with a function of another name. Not null, stable. */
    String name();

    /**
     * Folds values of one key, oldest first. The first may be a plain value or an operand: associativity makes them alike.
     *
     * @param key the key, must not be changed
     * @param values at least two, must not be changed
     * @return the combined value, not null; may be one of the inputs
     */
    byte[] merge(byte[] key, List<byte[]> values);

    /**
     * The delimiter (0 to 255) of a function that is plain concatenation with this one byte between two values, so that the
     * engine can append in place without calling it; -1, the default, for every other function.
     */
    default int appendDelimiter() {
        return -1;
    }

    /** Concatenation with one byte between two elements: the row format of Flink's list state uses ','. */
    static MergeFunction append(byte delimiter) {
        return new AppendMergeFunction(delimiter);
    }
}
