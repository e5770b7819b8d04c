package io.forebay.store.db.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.forebay.store.ValueBuffer;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

class ReadContextTest {
    @Test
    void readsOneAfterTheOtherHaveTheSame() {
        ReadContext first = ReadContext.begin();
        ValueBuffer buffer = first.buffer();
        assertThat(first.buffer()).isSameAs(buffer);
        first.end();
        ReadContext second = ReadContext.begin();
        assertThat(second).isSameAs(first);
        assertThat(second.buffer()).isSameAs(buffer);
        second.end();
    }

    @Test
    void aReadWithinAReadHasItsOwn() {
        ReadContext outer = ReadContext.begin();
        ReadContext inner = ReadContext.begin();
        ReadContext innermost = ReadContext.begin();
        assertThat(inner).isNotSameAs(outer);
        assertThat(innermost).isNotSameAs(outer).isNotSameAs(inner);
        assertThat(inner.buffer()).isNotSameAs(outer.buffer());
        innermost.end();
        assertThat(ReadContext.begin()).isSameAs(innermost);
        innermost.end();
        inner.end();
        outer.end();
    }

    /** As when an error of the JVM has kept a read from its end. */
    @Test
    void aReadWithoutAnEndCostsOneContext() {
        ReadContext lost = ReadContext.begin();
        ReadContext next = ReadContext.begin();
        assertThat(next).isNotSameAs(lost);
        next.end();
        assertThat(ReadContext.begin()).isSameAs(next);
        next.end();
    }

    @Test
    void aLargeBufferIsNotKept() {
        ReadContext context = ReadContext.begin();
        WeakReference<byte[]> content = new WeakReference<>(context.buffer().reset(1 << 20));
        context.end();
        for (int i = 0; i < 50 && !content.refersTo(null); i++) {
            System.gc();
        }
        assertThat(content.refersTo(null)).isTrue();
    }

    @Test
    void aReadAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] key = {1};
        long perRead = -1;
        for (int round = 0; perRead != 0 && round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                ReadContext context = ReadContext.begin();
                context.lookup.start(key, 0, 1, 1, 1, context.buffer());
                context.end();
            }
            perRead = (threads.getCurrentThreadAllocatedBytes() - before) / 10_000;
        }
        assertThat(perRead).isZero();
    }
}
