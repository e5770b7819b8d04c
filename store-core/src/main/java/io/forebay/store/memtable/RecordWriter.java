package io.forebay.store.memtable;

import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Slab;
import java.lang.invoke.VarHandle;

/**
 * Writes keys and versions. Used by the writer only, which has made sure of room for one key record and one version.
 *
 * <p>The rule of overwriting: no iterator, snapshot, commit or checkpoint sees a version whose sequence number is above
 * {@code pinned}, so a newer version may take its place. A reader of the newest state notices this by the changed word.
 */
final class RecordWriter {
    /** A slot for operands to come is at most so long, so that it shares a slab with other records. */
    private static final int ROOMY_BYTES = 8 << 10;

    private final Arena arena;
    private final HashIndex index;
    private final OrderedIndex order;

    // Racy: other threads read them for statistics, and may see an older value
    private long keys;
    private long entries;

    /** The key that was located last. As a ref: to store a reference to a slab costs a write barrier of the collector. */
    // Writer only
    private int keyRef;

    private int inlineRef;
    private int ref;
    private int at;
    private long word;

    RecordWriter(Arena arena, HashIndex index, OrderedIndex order) {
        this.arena = arena;
        this.index = index;
        this.order = order;
    }

    long keys() {
        return keys;
    }

    long entries() {
        return entries;
    }

    /** Locates the newest version of a key. False when there is no such key; then the writer may call {@link #addKey}. */
    boolean locate(long hash, byte[] key, int offset, int length) {
        int found = index.findOrPrepare(hash, key, offset, length);
        if (found == 0) {
            return false;
        }
        keyRef = found;
        inlineRef = Records.inlineVersion(found, length);
        select(newest());
        return true;
    }

    private int newest() {
        return arena.slab(keyRef).getInt(Arena.offset(keyRef) + Records.NEWEST);
    }

    private void publish(int versionRef) {
        arena.slab(keyRef).putIntRelease(Arena.offset(keyRef) + Records.NEWEST, versionRef);
    }

    private Slab slab() {
        return arena.slab(ref);
    }

    long sequence() {
        return Records.sequence(word);
    }

    byte kind() {
        return Records.kind(word);
    }

    int ref() {
        return ref;
    }

    int valueLength() {
        return slab().getInt(at + Records.LENGTH);
    }

    byte[] copyValue() {
        return slab().toByteArray(at + Records.VALUE, valueLength());
    }

    /** With how many versions below it the newest version could be folded when it was written. */
    int chain() {
        return ref == inlineRef ? 0 : slab().getInt(at + Records.CHAIN);
    }

    /** Makes the next older version of the located key the located one; false when there is none. */
    boolean descend() {
        int older = older();
        if (older == 0) {
            return false;
        }
        select(older);
        return true;
    }

    /** Makes another version of the located key the located one. */
    void select(int versionRef) {
        ref = versionRef;
        at = Arena.offset(versionRef);
        word = arena.slab(versionRef).getLong(at);
    }

    /** Adds a key that {@link #locate} did not find, with its first version. */
    void addKey(
            long hash,
            byte[] key,
            int offset,
            int length,
            byte kind,
            byte[] value,
            int from,
            int bytes,
            long sequence) {
        int keyBytes = Records.keyRecordBytes(length);
        int sizeClass = Records.sizeClassFor(bytes);
        int record;
        int versionRef;
        if (length <= Records.INLINE_KEY_MAX) {
            record = allocate(keyBytes + Records.slotBytes(sizeClass));
            versionRef = record + (keyBytes >>> 3);
        } else {
            record = allocate(keyBytes);
            versionRef = allocateVersion(sizeClass, 0, 0);
        }
        Slab into = arena.slab(record);
        int place = Arena.offset(record);
        into.putInt(place + Records.NEWEST, versionRef);
        into.putInt(place + Records.KEY_LENGTH, length);
        into.put(place + Records.KEY, key, offset, length);
        fill(versionRef, Records.word(sequence, sizeClass, kind), value, from, bytes);
        // Ordered before it can be found: a key that a later write finds must be part of the flush. A reader that sees
        // the key
        // in the order too early sees a sequence number that is not published, and skips it.
        order.push(record);
        index.add(hash, record);
        keys++;
        entries++;
    }

    /** Puts a version on top of the located one, or in its place where the rule of overwriting allows that. */
    void write(byte kind, byte[] value, int from, int bytes, long sequence, long pinned) {
        if (sequence() <= pinned) {
            stack(kind, value, from, bytes, sequence, 0);
        } else if (bytes <= Records.capacity(word)) {
            overwrite(kind, value, from, bytes, sequence);
        } else {
            int larger = allocateLarger(bytes, bytes + (bytes >>> 2));
            if (larger == 0) {
                larger = allocateVersion(Records.sizeClassFor(bytes), older(), 0);
            }
            fillReplacement(larger, kind, value, from, bytes, sequence);
        }
    }

    /** Puts a version on top of the located one. */
    void stack(byte kind, byte[] value, int from, int bytes, long sequence, int chain) {
        int sizeClass = Records.sizeClassFor(bytes);
        // the located version may be an older one, after descend(): the newest one is that of the key record
        int newest = newest();
        int added = allocateVersion(sizeClass, newest, chain);
        fill(added, Records.word(sequence, sizeClass, kind), value, from, bytes);
        publish(added);
        entries++;
    }

    /**
     * Replaces the located version, and all versions above it, by a version of any length; false when there is no memory for
     * it.
     */
    boolean replace(byte kind, byte[] value, long sequence, int versionsAbove) {
        if (value.length <= Records.capacity(word)) {
            overwrite(kind, value, 0, value.length, sequence);
            publish(ref);
        } else {
            int larger = allocateLarger(value.length, value.length + (long) (value.length >>> 1));
            if (larger == 0) {
                return false;
            }
            fillReplacement(larger, kind, value, 0, value.length, sequence);
        }
        entries -= versionsAbove;
        return true;
    }

    /** Appends to the value of the located version, which must be the newest; false when its slot has no room. */
    boolean append(byte delimiter, byte[] value, int from, int bytes, long sequence) {
        int length = valueLength();
        if (length + 1L + bytes > Records.capacity(word)) {
            return false;
        }
        Slab into = startOverwrite();
        appendAt(into, at, length, delimiter, value, from, bytes);
        into.putLongRelease(at, Records.word(sequence, Records.sizeClass(word), kind()));
        return true;
    }

    /** Puts an operand on top of the located version, which must be the newest, in a slot with room for operands to come. */
    void stackRoomy(byte[] value, int from, int bytes, long sequence) {
        // room for as many operands of this length as make the slot twice as long as the one below; each but the first
        // has a
        // delimiter
        long operand = bytes + 1L;
        long wished = (Records.capacity(word) * 2L + operand - 1) / operand * operand - 1;
        int sizeClass = Records.sizeClassFor((int) Math.max(bytes, Math.min(wished, ROOMY_BYTES)));
        int place =
                bytes > ROOMY_BYTES ? 0 : arena.allocateOptional(Records.VERSION_PREFIX + Records.slotBytes(sizeClass));
        if (place == 0) {
            stack(ValueKind.MERGE, value, from, bytes, sequence, 0);
            return;
        }
        int added = putPrefix(place, sizeClass, ref, 0);
        fill(added, Records.word(sequence, sizeClass, ValueKind.MERGE), value, from, bytes);
        publish(added);
        entries++;
    }

    private static void appendAt(Slab into, int place, int length, byte delimiter, byte[] value, int from, int bytes) {
        into.putByte(place + Records.VALUE + length, delimiter);
        into.put(place + Records.VALUE + length + 1, value, from, bytes);
        into.putInt(place + Records.LENGTH, length + 1 + bytes);
    }

    private void overwrite(byte kind, byte[] value, int from, int bytes, long sequence) {
        Slab into = startOverwrite();
        into.putInt(at + Records.LENGTH, bytes);
        into.put(at + Records.VALUE, value, from, bytes);
        into.putLongRelease(at, Records.word(sequence, Records.sizeClass(word), kind));
    }

    private Slab startOverwrite() {
        Slab into = slab();
        into.putLong(at, Records.busy(word));
        VarHandle.storeStoreFence();
        return into;
    }

    private int older() {
        return Records.older(slab(), at, ref, inlineRef);
    }

    /**
     * A slot to replace the located version, as the ref of a version: of the wished capacity if there is memory, else of the
     * needed one, else 0.
     */
    private int allocateLarger(int needed, long wished) {
        int exact = Records.sizeClassFor(needed);
        int sizeClass = wished > Integer.MAX_VALUE / 2 ? exact : Records.sizeClassFor((int) wished);
        int place = arena.allocateOptional(Records.VERSION_PREFIX + Records.slotBytes(sizeClass));
        if (place == 0 && sizeClass != exact) {
            sizeClass = exact;
            place = arena.allocateOptional(Records.VERSION_PREFIX + Records.slotBytes(exact));
        }
        return place == 0 ? 0 : putPrefix(place, sizeClass, older(), 0);
    }

    private int allocateVersion(int sizeClass, int older, int chain) {
        return putPrefix(allocate(Records.VERSION_PREFIX + Records.slotBytes(sizeClass)), sizeClass, older, chain);
    }

    /** Writes the prefix of a version, and its size class in place of the word. Returns the ref of the version. */
    private int putPrefix(int place, int sizeClass, int older, int chain) {
        Slab into = arena.slab(place);
        int offset = Arena.offset(place) + Records.VERSION_PREFIX;
        into.putInt(offset + Records.OLDER, older);
        into.putInt(offset + Records.CHAIN, chain);
        into.putLong(offset, sizeClass);
        return place + (Records.VERSION_PREFIX >>> 3);
    }

    private void fillReplacement(int larger, byte kind, byte[] value, int from, int bytes, long sequence) {
        int sizeClass = (int) arena.slab(larger).getLong(Arena.offset(larger));
        fill(larger, Records.word(sequence, sizeClass, kind), value, from, bytes);
        publish(larger);
    }

    private void fill(int versionRef, long newWord, byte[] value, int from, int bytes) {
        Slab into = arena.slab(versionRef);
        int place = Arena.offset(versionRef);
        into.putLong(place, newWord);
        into.putInt(place + Records.LENGTH, bytes);
        into.put(place + Records.VALUE, value, from, bytes);
    }

    private int allocate(int bytes) {
        int place = arena.allocate(bytes);
        if (place == 0) {
            throw new IllegalStateException("No memory for a record of " + bytes + " bytes: ask ensureRoom first");
        }
        return place;
    }
}
