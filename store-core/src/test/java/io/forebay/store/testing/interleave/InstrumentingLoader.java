package io.forebay.store.testing.interleave;

import io.forebay.store.db.state.MemoryArbiter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.FieldVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.utility.OpenedClassReader;

/**
 * Loads classes of {@code io.forebay.store} once more, those of the engine with points in them. The classes of this package are
 * shared with the parent, so that both sides know the same {@link Points} and {@link Interleaving}.
 */
public final class InstrumentingLoader extends ClassLoader {
    private static final String ROOT = "io.forebay.store.";
    private static final String SHARED = InstrumentingLoader.class.getPackageName() + ".";
    private static final List<String> STEPPED =
            List.of(ROOT + "db.", ROOT + "memtable.", ROOT + "rangedel.", ROOT + "version.Version", ROOT + "util.Slab");
    /** Counts read states for those who wait for memory. */
    private static final String ARBITER = MemoryArbiter.class.getName();

    /** Names of volatile fields, by internal name of the class. */
    private final Map<String, Set<String>> volatileFields = new ConcurrentHashMap<>();

    public InstrumentingLoader() {
        super(InstrumentingLoader.class.getClassLoader());
    }

    /** A new object of a class with a constructor without parameters, loaded here. */
    public <T> T create(Class<?> original, Class<T> as) {
        try {
            Object made = loadClass(original.getName()).getDeclaredConstructor().newInstance();
            return as.cast(made);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(ROOT) || name.startsWith(SHARED)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded == null) {
                byte[] bytes = isStepped(name) ? instrumented(name) : bytes(name.replace('.', '/'));
                loaded = defineClass(name, bytes, 0, bytes.length);
            }
            return loaded;
        }
    }

    /**
     * What decides which state a read sees. Pool, cache and files are left out: they only take and give memory and bytes, each
     * under a lock of its own which is held across no point.
     */
    private static boolean isStepped(String name) {
        return STEPPED.stream().anyMatch(name::startsWith) && !name.startsWith(ARBITER);
    }

    private byte[] bytes(String internalName) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(internalName + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(internalName);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] instrumented(String name) throws ClassNotFoundException {
        ClassReader reader = OpenedClassReader.of(bytes(name.replace('.', '/')));
        // asks for common superclasses of the original classes, which are the same
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_FRAMES);
        reader.accept(new PointInserter(writer, this::isVolatile), ClassReader.SKIP_FRAMES);
        return writer.toByteArray();
    }

    private boolean isVolatile(String owner, String field) {
        return owner.startsWith("io/forebay/store/")
                && volatileFields
                        .computeIfAbsent(owner, this::findVolatileFields)
                        .contains(field);
    }

    private Set<String> findVolatileFields(String owner) {
        Set<String> found = new HashSet<>();
        try {
            OpenedClassReader.of(bytes(owner))
                    .accept(
                            new ClassVisitor(OpenedClassReader.ASM_API) {
                                @Override
                                public FieldVisitor visitField(
                                        int access, String name, String descriptor, String signature, Object value) {
                                    if ((access & Opcodes.ACC_VOLATILE) != 0) {
                                        found.add(name);
                                    }
                                    return null;
                                }
                            },
                            ClassReader.SKIP_CODE);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
        return found;
    }
}
