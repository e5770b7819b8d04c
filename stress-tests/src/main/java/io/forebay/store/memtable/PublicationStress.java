package io.forebay.store.memtable;

import io.forebay.store.SlabAllocator;
import io.forebay.store.ValueBuffer;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.key.KeyHash;
import io.forebay.store.key.PointLookup;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A reader that meets a new record, or one that is being overwritten in place, finds the old value, the new one, or nothing
 * yet; never bytes of both, or of a slab that was not written.
 */
@JCStressTest
@Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "not there yet")
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "the first value")
@Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "the second value, written over the first one")
@Outcome(id = "3", expect = Expect.ACCEPTABLE, desc = "being overwritten: the reader is told to try again")
@Outcome(expect = Expect.FORBIDDEN, desc = "a value that was never written")
@State
public class PublicationStress {
    private static final byte[] KEY = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    private static final int VALUE_BYTES = 40;

    private static final SlabAllocator HEAP = new SlabAllocator() {
        @Override
        public ByteBuffer allocate(int bytes) {
            return ByteBuffer.allocate(bytes);
        }

        @Override
        public void release(ByteBuffer buffer) {}
    };

    private final Memtable memtable = new Memtable(new SlabPool(HEAP, 1 << 20), null);

    @Actor
    public void writer() {
        put((byte) 1, 1);
        put((byte) 2, 2);
    }

    private void put(byte content, long sequence) {
        byte[] value = new byte[VALUE_BYTES];
        Arrays.fill(value, content);
        memtable.ensureRoom(KEY.length, value.length);
        memtable.put(KeyHash.of(KEY, 0, KEY.length), KEY, 0, KEY.length, value, 0, value.length, sequence, 0);
    }

    @Actor
    public void reader(I_Result seen) {
        PointLookup lookup = new PointLookup();
        ValueBuffer into = new ValueBuffer();
        lookup.start(KEY, 0, KEY.length, KeyHash.of(KEY, 0, KEY.length), Long.MAX_VALUE, into);
        int result = memtable.get(lookup, false);
        if (result == Memtable.RETRY) {
            seen.r1 = 3;
        } else if (!lookup.isFound()) {
            seen.r1 = 0;
        } else {
            byte[] value = into.toByteArray();
            boolean whole = value.length == VALUE_BYTES;
            for (byte one : value) {
                whole &= one == value[0];
            }
            seen.r1 = whole ? value[0] : -1;
        }
    }
}
