/**
 * Value files: values that are long enough to lie apart from their keys, so that a merge moves a reference and not the value.
 *
 * <p>In: values, in the order of their keys. Out: a file that is written once, and the
 * {@linkplain io.forebay.store.values.ValueReference places} of its values, which an SST has instead of them. A value is read by its
 * place; the file knows nothing of keys. Bytes: docs/format/values.md.
 *
 * <p>Threads: a writer is used by one thread, a reader by many; all else is immutable.
 *
 * <p>Invariants: a value that is read is the one that was written at that place with that length, or the read fails with file and
 * offset; no place is before the first value, so offset 0 is that of no value.
 */
package io.forebay.store.values;
