package io.forebay.store.io;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/**
 * The part of {@code java.lang.foreign} that mappings need, through method handles: the API is final from JDK 22 on, and these
 * classes are compiled by JDK 17. Only maps and unmaps go through handles; a read of a mapping is that of any byte buffer. No
 * method of the API that is used here is restricted, so no flag of the JVM is needed. Thread-safe, without state.
 */
final class ForeignMemory {
    /** In 21 the API is a preview, and the close of a shared arena fails when a thread reads in it. */
    private static final int FIRST_FEATURE = 22;

    private static final Handles HANDLES = Runtime.version().feature() >= FIRST_FEATURE ? find() : null;

    private ForeignMemory() {}

    /**
     * @param newArena {@code Arena.ofShared()}
     * @param map {@code FileChannel.map(MapMode, long, long, Arena)}
     * @param asBuffer {@code MemorySegment.asByteBuffer()}
     */
    private record Handles(MethodHandle newArena, MethodHandle map, MethodHandle asBuffer) {}

    private static Handles find() {
        try {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> arena = Class.forName("java.lang.foreign.Arena");
            Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
            return new Handles(
                    lookup.findStatic(arena, "ofShared", MethodType.methodType(arena))
                            .asType(MethodType.methodType(AutoCloseable.class)),
                    lookup.findVirtual(
                                    FileChannel.class,
                                    "map",
                                    MethodType.methodType(segment, MapMode.class, long.class, long.class, arena))
                            .asType(MethodType.methodType(
                                    Object.class,
                                    FileChannel.class,
                                    MapMode.class,
                                    long.class,
                                    long.class,
                                    AutoCloseable.class)),
                    lookup.findVirtual(segment, "asByteBuffer", MethodType.methodType(ByteBuffer.class))
                            .asType(MethodType.methodType(ByteBuffer.class, Object.class)));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** False on a JDK before 22. */
    static boolean isThere() {
        return HANDLES != null;
    }

    /** A new arena, whose close unmaps what was mapped with it. Only if {@link #isThere}. */
    static AutoCloseable newArena() {
        try {
            return (AutoCloseable) HANDLES.newArena.invokeExact();
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Maps the first bytes of a file, to be read.
     *
     * @param bytes 1 to {@link Integer#MAX_VALUE}
     * @param arena of {@link #newArena}
     */
    static ByteBuffer map(FileChannel channel, int bytes, AutoCloseable arena) throws IOException {
        try {
            Object segment = (Object) HANDLES.map.invokeExact(channel, MapMode.READ_ONLY, 0L, (long) bytes, arena);
            return (ByteBuffer) HANDLES.asBuffer.invokeExact(segment);
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException e) {
            return e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(thrown);
    }
}
