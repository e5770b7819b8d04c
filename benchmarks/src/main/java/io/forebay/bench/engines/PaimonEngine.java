package io.forebay.bench.engines;

import java.io.File;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Paimon's LSM in pure Java, SimpleLsmKvDb. It has no iterators. Called through method handles, because the project file that
 * its artifact names as parent is not in Maven Central, so that nothing can be compiled against it as a dependency. It keeps the
 * arrays that it is given, so it gets its own. Blocks of 4 KB as everybody else has.
 */
final class PaimonEngine implements Engine {
    private static final String PACKAGE = "org.apache.paimon.";
    private static final Class<?> DB = type("lookup.sort.db.SimpleLsmKvDb");
    private static final MethodHandle PUT = method(DB, "put");
    private static final MethodHandle GET = method(DB, "get");
    private static final MethodHandle DELETE = method(DB, "delete");
    private static final MethodHandle BULK_LOAD = method(DB, "bulkLoad");
    private static final MethodHandle FLUSH = method(DB, "flush");
    private static final MethodHandle COMPACT = method(DB, "compact");
    private static final MethodHandle CLOSE = method(DB, "close");

    private final Object db;

    private PaimonEngine(Object db) {
        this.db = db;
    }

    static Engine open(File directory, Setup setup) {
        // It flushes on the thread of the caller, so there is one memtable.
        long cacheBytes = Math.max(1 << 20, setup.memoryBytes() - setup.memtableBytes());
        try {
            Object size = type("options.MemorySize").getConstructor(long.class).newInstance(cacheBytes);
            Object cache = type("io.cache.CacheManager")
                    .getConstructor(size.getClass())
                    .newInstance(size);
            Object compression = type("compression.CompressOptions")
                    .getConstructor(String.class, int.class)
                    .newInstance("none", 1);
            Object builder = DB.getMethod("builder", File.class).invoke(null, directory);
            Class<?> type = builder.getClass();
            type.getMethod("memTableFlushThreshold", long.class).invoke(builder, (long) setup.memtableBytes());
            type.getMethod("blockSize", int.class).invoke(builder, 4096);
            type.getMethod("cacheManager", cache.getClass()).invoke(builder, cache);
            type.getMethod("compressOptions", compression.getClass()).invoke(builder, compression);
            return new PaimonEngine(type.getMethod("build").invoke(builder));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Paimon's LSM does not open", e);
        }
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(PACKAGE + name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("Paimon is not on the class path", e);
        }
    }

    private static MethodHandle method(Class<?> type, String name) {
        for (Method method : type.getMethods()) {
            if (method.getName().equals(name)) {
                try {
                    MethodHandle handle = MethodHandles.publicLookup().unreflect(method);
                    return handle.asType(handle.type().changeParameterType(0, Object.class));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        throw new IllegalStateException(type + " has no method " + name);
    }

    private static RuntimeException failed(Throwable cause) {
        return new IllegalStateException("Paimon's LSM failed", cause);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        try {
            PUT.invokeExact(db, key.clone(), value.clone());
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public byte[] get(byte[] key) {
        try {
            return (byte[]) GET.invokeExact(db, key);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public void delete(byte[] key) {
        try {
            DELETE.invokeExact(db, key.clone());
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public void bulkLoad(int count, Entries entries) {
        Iterator<Map.Entry<byte[], byte[]>> sorted = IntStream.range(0, count)
                .mapToObj(i -> (Map.Entry<byte[], byte[]>) new SimpleImmutableEntry<>(
                        entries.key(i).clone(), entries.value(i).clone()))
                .iterator();
        try {
            BULK_LOAD.invokeExact(db, sorted);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public void flush() {
        try {
            FLUSH.invokeExact(db);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public void settle() {
        try {
            FLUSH.invokeExact(db);
            COMPACT.invokeExact(db);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    @Override
    public void close() {
        try {
            CLOSE.invokeExact(db);
        } catch (Throwable e) {
            throw failed(e);
        }
    }
}
