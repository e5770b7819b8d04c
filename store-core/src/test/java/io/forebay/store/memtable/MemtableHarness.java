package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.MergeFunction;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.InternalIterator;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import io.forebay.store.key.ValueKind;
import io.forebay.store.rangedel.Fragment;
import io.forebay.store.rangedel.RangeTombstones;
import io.forebay.store.testing.HeapSlabs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A memtable with its pool, short methods, and sequences that count by themselves. */
final class MemtableHarness {
    final HeapSlabs slabs = new HeapSlabs();
    final SlabPool pool;
    final Memtable memtable;
    final MergeFunction function;
    long sequence;
    long pinned;

    MemtableHarness(long budget, MergeFunction function) {
        this.pool = new SlabPool(slabs, budget);
        this.function = function;
        this.memtable = new Memtable(pool, function);
    }

    /** One version as an iterator shows it. */
    record Version(byte[] key, long sequence, byte kind, byte[] value) {
        static Version of(InternalIterator at) {
            try {
                return new Version(at.copyKey(), at.sequence(), at.kind(), at.copyValue());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Version other
                    && sequence == other.sequence
                    && kind == other.kind
                    && Arrays.equals(key, other.key)
                    && Arrays.equals(value, other.value);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(sequence);
        }
    }

    boolean write(byte kind, byte[] key, byte[] value) {
        if (!memtable.ensureRoom(key.length, kind == ValueKind.DELETE ? 0 : value.length)) {
            return false;
        }
        long hash = KeyHash.of(key, 0, key.length);
        long next = sequence + 1;
        switch (kind) {
            case ValueKind.PUT -> memtable.put(hash, key, 0, key.length, value, 0, value.length, next, pinned);
            case ValueKind.MERGE -> memtable.merge(hash, key, 0, key.length, value, 0, value.length, next, pinned);
            default -> memtable.delete(hash, key, 0, key.length, next, pinned);
        }
        sequence = next;
        return true;
    }

    boolean put(byte[] key, byte[] value) {
        return write(ValueKind.PUT, key, value);
    }

    boolean merge(byte[] key, byte[] value) {
        return write(ValueKind.MERGE, key, value);
    }

    boolean delete(byte[] key) {
        return write(ValueKind.DELETE, key, new byte[0]);
    }

    boolean deleteRange(byte[] from, byte[] to) {
        boolean done = memtable.deleteRange(from, to, sequence + 1, pinned);
        sequence += done ? 1 : 0;
        return done;
    }

    /** Null: RETRY. */
    MemtableModel.Answer get(byte[] key, long limit, boolean isPinned) {
        byte[] padded = new byte[key.length + 3];
        System.arraycopy(key, 0, padded, 2, key.length);
        ValueBuffer value = new ValueBuffer(1);
        value.reset(1);
        PointLookup lookup = new PointLookup();
        lookup.start(padded, 2, key.length, KeyHash.of(key, 0, key.length), limit, value);
        int result = memtable.get(lookup, isPinned);
        ValueBuffer nearest = new ValueBuffer(1);
        int newest = memtable.getNewest(lookup.hash(), padded, 2, key.length, limit, nearest);
        if (result == Memtable.RETRY) {
            assertThat(newest).isEqualTo(Memtable.UNDECIDED);
            return null;
        }
        byte[] found = null;
        if (lookup.isFound()) {
            List<byte[]> values = new ArrayList<>(lookup.operandsNewestFirst());
            Collections.reverse(values);
            found = values.isEmpty()
                    ? value.toByteArray()
                    : values.size() == 1 ? values.get(0) : function.merge(key, values);
        } else if (value.length() != 1) {
            throw new AssertionError("The target changed its length though nothing was found");
        }
        if (newest != Memtable.UNDECIDED) {
            assertThat(newest == Memtable.FOUND ? nearest.toByteArray() : null).isEqualTo(found);
            assertThat(newest != Memtable.CONTINUE).isEqualTo(result == Memtable.SETTLED);
        }
        return new MemtableModel.Answer(result == Memtable.SETTLED, found);
    }

    /** What an iterator and the range deletes say of a key, as {@link #get} does. */
    MemtableModel.Answer fold(byte[] key, List<Version> versions, RangeTombstones tombstones, long limit) {
        Fragment fragment = tombstones.covering(key, 0, key.length);
        long cover = fragment == null ? -1 : fragment.newestAtOrBelow(limit);
        boolean settled = cover >= 0;
        List<byte[]> values = new ArrayList<>();
        for (Version version : versions) {
            if (version.sequence < cover) {
                break;
            }
            if (version.kind != ValueKind.DELETE) {
                values.add(0, version.value);
            }
            if (version.kind != ValueKind.MERGE) {
                settled = true;
                break;
            }
        }
        byte[] value = values.isEmpty() ? null : values.size() == 1 ? values.get(0) : function.merge(key, values);
        return new MemtableModel.Answer(settled, value);
    }

    static List<Version> all(InternalIterator iterator) {
        try {
            List<Version> all = new ArrayList<>();
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                all.add(Version.of(iterator));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
