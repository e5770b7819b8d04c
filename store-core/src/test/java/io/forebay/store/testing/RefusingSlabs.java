package io.forebay.store.testing;

import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import java.util.function.Supplier;

/** Heap memory that a test takes away: while armed, every request after so many throws. For one writer at a time. */
public final class RefusingSlabs implements SlabAllocator {
    public final HeapSlabs slabs = new HeapSlabs();
    private final Supplier<? extends Throwable> failure;
    private long allowed = Long.MAX_VALUE;
    private long limit = Long.MAX_VALUE;
    private int refuse;
    private int refusals;

    /** @param failure makes what is thrown: a RuntimeException or an Error */
    public RefusingSlabs(Supplier<? extends Throwable> failure) {
        this.failure = failure;
    }

    /** The next {@code requests} succeed, all others fail. */
    public void allow(long requests) {
        allowed = requests;
    }

    /** The next {@code requests} fail, whatever the limits. */
    public void refuse(int requests) {
        refuse = requests;
    }

    /** From now on no more than {@code bytes} are out at once, as in a JVM that has no more direct memory. */
    public void limit(long bytes) {
        limit = bytes;
    }

    /** Nothing is refused any more. */
    public void allowAll() {
        allow(Long.MAX_VALUE);
        limit(Long.MAX_VALUE);
    }

    public int refusals() {
        return refusals;
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        boolean refused = refuse > 0 && refuse-- > 0;
        if (refused || allowed == 0 || slabs.outstanding() > limit - bytes) {
            refusals++;
            Throwable thrown = failure.get();
            if (thrown instanceof Error e) {
                throw e;
            }
            throw (RuntimeException) thrown;
        }
        if (allowed != Long.MAX_VALUE) {
            allowed--;
        }
        return slabs.allocate(bytes);
    }

    @Override
    public void release(ByteBuffer buffer) {
        slabs.release(buffer);
    }
}
