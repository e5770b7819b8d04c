/**
 * The memtable: the newest versions of keys, and range deletes, in slabs of the memory pool. {@code Memtable} has a picture of
 * how the classes work together.
 *
 * <p>In: writes of one thread, each with its sequence number and the pinned sequence, at or below which no version may be
 * replaced. Out: point reads by hash; an {@link io.forebay.store.key.InternalIterator} over the versions in internal order, and
 * the range deletes as {@link io.forebay.store.rangedel.RangeTombstones}, for scans and for the flush.
 *
 * <p>How: {@code Arena} hands out places in slabs; {@code Records} is the layout of keys and versions there; {@code HashIndex}
 * finds a key; {@code RoomPlan} tells what writes need at most, {@code HashCounts} what they need of the index;
 * {@code OrderedIndex}, a B+ tree, orders keys when an iterator is opened, and sorts new keys with {@code KeySorter};
 * all iterators go along one row of leaves, see {@code LeafPlace}; {@code RecordWriter} writes and {@code Merger} folds
 * operands; {@code PointReads} reads one key, {@code MemtableIterator} many, and {@code FlushIterator} all;
 * {@code RangeDeletes} has the range deletes. There is no object per entry, and a put or get allocates nothing.
 *
 * <p>Threads: one writer, any readers, no locks between them. The writer publishes with release stores: a key in its index
 * slot, a version in its key record. Only opening an iterator takes a lock, which no write takes.
 *
 * <p>Invariants: records do not move and are freed all at once; the versions of a key hang newest first; a version at or below
 * the pinned sequence never changes; the word of a version changes whenever its bytes do.
 */
package io.forebay.store.memtable;
