package io.forebay.store.io;

import java.nio.ByteBuffer;

/**
 * Makes large transfers of heap buffers in steps. The JDK copies a heap buffer to a direct buffer that it keeps for the thread,
 * as large as the largest transfer so far. No budget accounts for that memory.
 */
final class HeapSteps {
    /** The most bytes that a thread keeps. */
    static final int BYTES = 256 << 10;

    private HeapSteps() {}

    /** Sets the limit of {@code buffer} to the end of the next step towards {@code end}. */
    static void limit(ByteBuffer buffer, int end) {
        buffer.limit(buffer.isDirect() ? end : buffer.position() + Math.min(BYTES, end - buffer.position()));
    }
}
