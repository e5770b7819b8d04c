package io.forebay.store.memtable;

import io.forebay.store.cache.SlabPool;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.Interleavings;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/** A cursor misses no key that was there when it was opened, while another thread splits nodes. */
public class OrderedIndexInterleavingTest {
    /** Old keys, two nodes full; the keys are their numbers times {@link #GAP}. */
    private static final int OLD = 2 * OrderedNode.WIDTH;

    private static final int GAP = 1 << 16;
    private static final int NEW_AT_ONCE = 2 * OrderedNode.WIDTH;
    private static final Set<String> ALONE = Set.of("Arena", "KeySorter", "OrderedNode", "Records");

    private final SlabPool pool = new SlabPool(new HeapSlabs(), 8 << 20);
    private final Arena arena = new Arena(pool);
    private final OrderedIndex index = new OrderedIndex(pool, arena);
    private int added;

    public OrderedIndexInterleavingTest() {
        for (int i = 0; i < OLD; i++) {
            push(i * GAP);
        }
        index.open().close();
    }

    /** One writer: new keys behind an old one, which fill more than one node. */
    @Operation(nonParallelGroup = "writer")
    public void add(@Param(gen = IntGen.class, conf = "0:3") int quarter) {
        for (int i = 0; i < NEW_AT_ONCE; i++) {
            push(quarter * (OLD / 4) * GAP + 1 + added++);
        }
        index.open().close();
    }

    /** The first old key from a number on. */
    @Operation
    public int from(@Param(gen = IntGen.class, conf = "0:128") int number) {
        OrderedCursor cursor = index.open();
        try {
            byte[] target = bytes(number * GAP);
            int ref = cursor.firstFrom(target, 0, target.length);
            while (ref != 0 && !isOld(ref)) {
                ref = cursor.next();
            }
            return ref == 0 ? -1 : number(ref) / GAP;
        } finally {
            cursor.close();
        }
    }

    /** The two last old keys before a number. */
    @Operation
    public int before(@Param(gen = IntGen.class, conf = "0:128") int number) {
        OrderedCursor cursor = index.open();
        try {
            byte[] target = bytes(number * GAP);
            int last = previousOld(cursor, cursor.lastBefore(target, 0, target.length));
            return last == 0 ? 0 : number(last) / GAP * OLD + number(previousOld(cursor, cursor.prev())) / GAP;
        } finally {
            cursor.close();
        }
    }

    private int previousOld(OrderedCursor cursor, int from) {
        int ref = from;
        while (ref != 0 && !isOld(ref)) {
            ref = cursor.prev();
        }
        return ref;
    }

    private boolean isOld(int ref) {
        return number(ref) % GAP == 0;
    }

    private int number(int ref) {
        return ref == 0 ? 0 : arena.slab(ref).getInt(Arena.offset(ref) + Records.KEY);
    }

    private static byte[] bytes(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    private void push(int number) {
        byte[] key = bytes(number);
        int ref = arena.allocate(Records.keyRecordBytes(key.length));
        Slab slab = arena.slab(ref);
        int at = Arena.offset(ref);
        slab.putInt(at + Records.KEY_LENGTH, key.length);
        slab.put(at + Records.KEY, key, 0, key.length);
        index.push(ref);
    }

    @Test
    void everyOrder() {
        Interleavings.check(
                OrderedIndexInterleavingTest.class,
                Specification.class,
                2,
                100,
                name -> ALONE.contains(name.substring(name.lastIndexOf('.') + 1)));
    }

    /** What the operations answer, one after the other. */
    public static class Specification {
        public void add(int quarter) {}

        public int from(int number) {
            return number < OLD ? number : -1;
        }

        public int before(int number) {
            return number == 0 ? 0 : (number - 1) * OLD + Math.max(0, number - 2);
        }
    }
}
