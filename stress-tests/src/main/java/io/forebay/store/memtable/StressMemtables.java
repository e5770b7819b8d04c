package io.forebay.store.memtable;

import io.forebay.store.SlabAllocator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Memtables for states of jcstress, and what their actors do. A value is its number in every byte. */
final class StressMemtables {
    /** Answers of {@link #get} that are no value. */
    static final int NOTHING = 0;

    static final int TORN = -1;
    static final int RETRY = 9;

    private static final int VALUE_BYTES = 40;

    private static final SlabAllocator HEAP = new SlabAllocator() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {}
    };

    private StressMemtables() {}

    static Memtable create() {
        return new Memtable(new SlabPool(HEAP, 4 << 20), null);
    }

    static byte[] key(int number) {
        return ByteBuffer.allocate(9).putInt(number).array();
    }

    static void put(Memtable memtable, byte[] key, int value, long sequence, long pinned) {
        byte[] bytes = new byte[VALUE_BYTES];
        Arrays.fill(bytes, (byte) value);
        memtable.ensureRoom(key.length, bytes.length);
        memtable.put(KeyHash.of(key, 0, key.length), key, 0, key.length, bytes, 0, bytes.length, sequence, pinned);
    }

    static int get(Memtable memtable, byte[] key, long limit, boolean pinned) {
        PointLookup lookup = new PointLookup();
        ValueBuffer into = new ValueBuffer();
        lookup.start(key, 0, key.length, KeyHash.of(key, 0, key.length), limit, into);
        if (memtable.get(lookup, pinned) == Memtable.RETRY) {
            return RETRY;
        }
        return lookup.isFound() ? value(into.toByteArray()) : NOTHING;
    }

    private static int value(byte[] bytes) {
        if (bytes.length != VALUE_BYTES) {
            return TORN;
        }
        for (byte one : bytes) {
            if (one != bytes[0]) {
                return TORN;
            }
        }
        return bytes[0];
    }
}
