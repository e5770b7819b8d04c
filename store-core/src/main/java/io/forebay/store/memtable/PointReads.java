package io.forebay.store.memtable;

import io.forebay.store.ValueBuffer;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.util.Slab;
import java.lang.invoke.VarHandle;

/**
 * Finds the versions of one key while the writer goes on: a copied value counts only if the word of its version is the same
 * after the copy as before. The results are those of {@link Memtable}, without its range deletes. Thread-safe.
 */
final class PointReads {
    private final Arena arena;
    private final HashIndex index;

    PointReads(Arena arena, HashIndex index) {
        this.arena = arena;
        this.index = index;
    }

    /** See {@link Memtable#getNewest}. */
    int getNewest(long hash, byte[] key, int offset, int length, long limit, ValueBuffer into) {
        int keyRef = index.find(hash, key, offset, length);
        if (keyRef == 0) {
            return Memtable.CONTINUE;
        }
        int ref = arena.slab(keyRef).getIntAcquire(Arena.offset(keyRef) + Records.NEWEST);
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        long word = slab.getLongAcquire(at);
        if (Records.sequence(word) > limit) {
            return Memtable.UNDECIDED;
        }
        byte kind = Records.kind(word);
        if (kind != ValueKind.PUT) {
            return kind == ValueKind.DELETE ? Memtable.SETTLED : Memtable.UNDECIDED;
        }
        return copy(slab, at, word, into) ? Memtable.FOUND : Memtable.UNDECIDED;
    }

    /**
     * See {@link Memtable#get}.
     *
     * @param cover the newest range delete over the key up to the limit, -1 for none
     */
    int get(PointLookup lookup, long limit, long cover, boolean pinned) {
        int keyRef = index.find(lookup.hash(), lookup.key(), lookup.offset(), lookup.length());
        return keyRef == 0 ? Memtable.CONTINUE : offerVersions(keyRef, lookup, limit, cover, pinned);
    }

    private int offerVersions(int keyRef, PointLookup lookup, long limit, long cover, boolean pinned) {
        Slab keySlab = arena.slab(keyRef);
        int keyAt = Arena.offset(keyRef);
        int inlineRef = Records.inlineVersion(keyRef, lookup.length());
        int ref = keySlab.getIntAcquire(keyAt + Records.NEWEST);
        while (ref != 0) {
            Slab slab = arena.slab(ref);
            int at = Arena.offset(ref);
            long word = slab.getLongAcquire(at);
            long sequence = Records.sequence(word);
            if (sequence <= limit) {
                int outcome = sequence < cover ? Memtable.SETTLED : offer(lookup, slab, at, word);
                if (outcome != Memtable.CONTINUE) {
                    return outcome;
                }
            } else if (!pinned) {
                return Memtable.RETRY;
            }
            ref = Records.older(slab, at, ref, inlineRef);
        }
        return Memtable.CONTINUE;
    }

    /** Copies a version and offers it to the lookup, unless the version was overwritten meanwhile. */
    private static int offer(PointLookup lookup, Slab slab, int at, long word) {
        byte kind = Records.kind(word);
        if (kind == 0) {
            return Memtable.RETRY;
        }
        long sequence = Records.sequence(word);
        if (kind == ValueKind.DELETE) {
            return lookup.offer(kind, sequence, slab, at, 0) ? Memtable.SETTLED : Memtable.CONTINUE;
        }
        if (kind == ValueKind.MERGE || lookup.isFound()) {
            int length = slab.getInt(at + Records.LENGTH);
            if (length > Records.capacity(word)) {
                return Memtable.RETRY;
            }
            byte[] copy = slab.toByteArray(at + Records.VALUE, length);
            if (isChanged(slab, at, word)) {
                return Memtable.RETRY;
            }
            return lookup.offerCopy(kind, sequence, copy) ? Memtable.SETTLED : Memtable.CONTINUE;
        }
        if (!copy(slab, at, word, lookup.target())) {
            return Memtable.RETRY;
        }
        return lookup.offerTarget(kind, sequence) ? Memtable.SETTLED : Memtable.CONTINUE;
    }

    /** Copies a value. False when the value was overwritten meanwhile; then {@code target} keeps its length. */
    private static boolean copy(Slab slab, int at, long word, ValueBuffer target) {
        int length = slab.getInt(at + Records.LENGTH);
        if (length > Records.capacity(word)) {
            return false;
        }
        int lengthBefore = target.length();
        slab.get(at + Records.VALUE, target.reset(length), 0, length);
        if (isChanged(slab, at, word)) {
            target.reset(lengthBefore);
            return false;
        }
        return true;
    }

    private static boolean isChanged(Slab slab, int at, long word) {
        VarHandle.acquireFence();
        return slab.getLong(at) != word;
    }
}
