package io.forebay.kafka.bridge;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.RocksDBTimeOrderedWindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import sun.reflect.ReflectionFactory;

/**
 * Makes objects that Kafka takes for its own time-ordered window store.
 *
 * <p>Kafka lays the record cache that keeps the order of time only over a store in which it finds a {@link
 * RocksDBTimeOrderedWindowStore}. Of that object it asks only whether it has an index. The only constructor of that class
 * needs a class that cannot be loaded without RocksDB's library. So this class defines a subclass at run time, in Kafka's
 * package and with Kafka's class loader, that answers this one question. Instances of the subclass are made as
 * deserialisation makes them: by the constructor of {@link WrappedStateStore}. A class of Forebay in that package would
 * be simpler, but on a module path no package may be in two jars. Static; thread-safe.
 */
final class TimeOrderedStandIn {
    private static final String NAME =
            RocksDBTimeOrderedWindowStore.class.getPackageName() + ".ForebayTimeOrderedStandIn";
    private static final String INDEXED_NAME = NAME + "WithIndex";
    private static final int JAVA_11 = 55;

    private TimeOrderedStandIn() {}

    /**
     * Makes a stand-in that wraps {@code store}.
     *
     * @throws ReflectiveOperationException when this Kafka, or the way in which it was loaded, does not allow it
     * @throws LinkageError in the same case
     */
    @SuppressWarnings("unchecked")
    static WindowStore<Bytes, byte[]> over(WindowStore<Bytes, byte[]> store, boolean indexed)
            throws ReflectiveOperationException {
        Constructor<?> constructor = ReflectionFactory.getReflectionFactory()
                .newConstructorForSerialization(
                        standIn(indexed), WrappedStateStore.class.getConstructor(StateStore.class));
        return (WindowStore<Bytes, byte[]>) constructor.newInstance(store);
    }

    /** The class of the stand-ins. The first call for a class loader of Kafka defines it. */
    private static synchronized Class<?> standIn(boolean indexed) throws ReflectiveOperationException {
        String name = indexed ? INDEXED_NAME : NAME;
        ClassLoader loader = RocksDBTimeOrderedWindowStore.class.getClassLoader();
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException notYet) {
            try {
                return MethodHandles.privateLookupIn(RocksDBTimeOrderedWindowStore.class, MethodHandles.lookup())
                        .defineClass(classFile(name, indexed));
            } catch (LinkageError e) {
                try { // another copy of this class may have defined it meanwhile
                    return Class.forName(name, true, loader);
                } catch (ClassNotFoundException notMade) {
                    throw e;
                }
            }
        }
    }

    /** The class file of a public final class whose only member is {@code boolean hasIndex()}, with a constant answer. */
    private static byte[] classFile(String name, boolean indexed) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(0xCAFEBABE);
            out.writeShort(0);
            out.writeShort(JAVA_11);
            out.writeShort(8); // constants, and one
            text(out, name.replace('.', '/')); // 1
            type(out, 1); // 2
            text(out, RocksDBTimeOrderedWindowStore.class.getName().replace('.', '/')); // 3
            type(out, 3); // 4
            text(out, "hasIndex"); // 5
            text(out, "()Z"); // 6
            text(out, "Code"); // 7
            out.writeShort(0x0031); // public final, calls of super as of today
            out.writeShort(2); // this class
            out.writeShort(4); // its superclass
            out.writeShort(0); // interfaces
            out.writeShort(0); // fields
            out.writeShort(1); // methods
            out.writeShort(0x0001); // public
            out.writeShort(5); // name
            out.writeShort(6); // type
            out.writeShort(1); // attributes
            out.writeShort(7); // code
            out.writeInt(14); // bytes that follow
            out.writeShort(1); // stack
            out.writeShort(1); // locals
            out.writeInt(2); // bytes of code
            out.writeByte(indexed ? 0x04 : 0x03); // iconst_1 or iconst_0
            out.writeByte(0xAC); // ireturn
            out.writeShort(0); // handlers
            out.writeShort(0); // attributes of the code
            out.writeShort(0); // attributes of the class
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.writeByte(1);
        out.writeUTF(text);
    }

    private static void type(DataOutputStream out, int name) throws IOException {
        out.writeByte(7);
        out.writeShort(name);
    }
}
