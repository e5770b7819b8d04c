package io.forebay.store.memtable;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The iterator of a flush that could not be made, because there was no heap for it, kept the memtable for good. */
class IteratorsWithoutHeapTest {
    private static ErrorAgent agent;

    private final MemtableHarness harness = new MemtableHarness(8 << 20, null);

    @BeforeAll
    static void instrument() {
        agent = new ErrorAgent(List.of("io.forebay.store.memtable"));
    }

    @AfterAll
    static void restore() {
        agent.close();
    }

    private void fails(String constructor, Consumer<Memtable> opening) {
        for (int i = 0; i < 100; i++) {
            assertThat(harness.put(("key " + i).getBytes(UTF_8), new byte[4])).isTrue();
        }
        JvmErrors.armAt(constructor + ".<init>", 1);
        try {
            assertThatThrownBy(() -> opening.accept(harness.memtable)).isInstanceOf(OutOfMemoryError.class);
        } finally {
            JvmErrors.disarm();
        }
        harness.memtable.release();
        assertThat(harness.pool.used()).isZero();
    }

    @Test
    void theIteratorOfAFlush() {
        fails("FlushIterator", Memtable::flushIterator);
    }
}
