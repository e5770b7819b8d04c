package io.forebay.store;

import java.util.List;

/**
 * An associative function that folds the operands of {@link Store#merge} into a value. Writer, reader and background
 * threads call it, so it must be stateless and pure.
 *
 * <p><b>Errors.</b> When the function throws, or returns null, reads of that key fail, and nothing else does. A write,
 * the replay of a log, a flush or a compaction keeps the operands as they were written, and the next one tries again;
 * flushes and compactions log the failure. So a write accepts operands that the function rejects: check operands before
 * you write them. A read of the key ({@code get}, {@code multiGet} with the key among its keys, a move of an iterator
 * onto the key) throws a {@link StoreException} that names the key, unless the store is encrypted, and has the
 * exception of the function as its cause; an {@link Error} of the function is thrown as it is. This lasts until a put
 * or a delete of the key. An iterator can seek past the key.
 *
 * <p><b>Calls.</b> The function should call no store. If it does, {@code get} works everywhere, with one exception:
 * inside the write of a batch, a {@code get} of a key that this batch has changed before throws {@link
 * IllegalStateException}, because the old value may be overwritten and the new one is not visible yet. Other calls
 * throw {@link IllegalStateException} too: methods that would wait for the write or the background work that runs the
 * function (writes, commits, {@code flush}, {@code close} and the like); inside a write, also all methods that fix a
 * state; and calls of the iterator that runs the function. A function that blocks also blocks its caller: a writer, a
 * flush, {@code close}.
 */
public interface MergeFunction {
    /**
     * Identifies the function on disk. A store is not opened with a function of another name. Not null; must never
     * change.
     */
    String name();

    /**
     * Folds values of one key, oldest first. The first one may be a plain value or an operand: an associative function
     * treats them alike.
     *
     * @param key the key; the function must not change the array
     * @param values at least two; the function must not change the list or its arrays
     * @return the combined value, not null; may be one of the inputs
     */
    byte[] merge(byte[] key, List<byte[]> values);

    /**
     * The delimiter (0 to 255) of a function that does nothing but join two values with this byte between them: then
     * the engine can append in place, without a call of the function. -1, the default, for every other function.
     */
    default int appendDelimiter() {
        return -1;
    }

    /** Joins elements with one byte between two of them. The row format of Flink's list state uses ','. */
    static MergeFunction append(byte delimiter) {
        return new AppendMergeFunction(delimiter);
    }
}
