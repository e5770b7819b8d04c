package io.forebay.store.io;

import java.nio.ByteBuffer;

/**
 * Large transfers of heap buffers in steps. The JDK copies a heap buffer to a direct one that it keeps for the thread, as
 * large as the largest transfer so far: memory that no budget knows of.
 */
final class HeapSteps {
    /** What a thread may keep. */
    static final int BYTES = 256 << 10;

    private HeapSteps() {}

    /** Limits {@code buffer} to the next step towards {@code end}. */
    static void limit(ByteBuffer buffer, int end) {
        buffer.limit(buffer.isDirect() ? end : buffer.position() + Math.min(BYTES, end - buffer.position()));
    }
}
