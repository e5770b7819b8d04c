package io.forebay.flink.registry;

import java.nio.charset.StandardCharsets;
import org.apache.flink.annotation.Internal;

/**
 * Derives the id of a state from its name, so that all subtasks and attempts get the same id without communication. The
 * function is part of the format and must not change. Restored states keep the id that the checkpoint has. Static.
 */
@Internal
final class StateIds {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private StateIds() {}

    /** 64-bit FNV-1a over the kind and the UTF-8 bytes of the name, mixed and folded to 32 bits. */
    static int idOf(StateKind kind, String name) {
        long hash = (FNV_OFFSET ^ kind.code()) * FNV_PRIME;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
        }
        hash ^= hash >>> 33;
        hash *= 0xff51afd7ed558ccdL;
        hash ^= hash >>> 33;
        return (int) (hash ^ hash >>> 32);
    }
}
