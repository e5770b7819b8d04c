package io.forebay.store.testing.jvmerrors;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Set;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.Handle;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.matcher.ElementMatcher;

/**
 * Finds the methods of a class that can run out of heap by themselves: they make an object or an array, or call a method of
 * the class library that may.
 */
final class Allocations extends ClassVisitor {
    /** Classes of the library, and methods of others, that never allocate. */
    private static final Set<String> FREE_CLASSES = Set.of(
            "java/lang/Math",
            "java/lang/Object",
            "java/lang/invoke/VarHandle",
            "java/util/concurrent/locks/LockSupport",
            "java/util/concurrent/atomic/AtomicLong",
            "java/util/concurrent/atomic/AtomicInteger",
            "java/util/concurrent/atomic/AtomicBoolean",
            "java/util/concurrent/atomic/AtomicReference");

    private static final Set<String> FREE_METHODS = Set.of(
            "java/lang/System.arraycopy",
            "java/lang/System.nanoTime",
            "java/lang/Thread.onSpinWait",
            "java/lang/Thread.yield",
            "java/lang/Thread.currentThread",
            "java/lang/Thread.interrupted",
            "java/lang/Thread.interrupt",
            "java/util/Arrays.equals",
            "java/util/Arrays.mismatch",
            "java/util/Arrays.compareUnsigned",
            "java/util/Objects.checkFromIndexSize",
            "java/util/Objects.requireNonNull",
            "java/util/List.size",
            "java/util/List.get",
            "java/util/List.isEmpty",
            "java/util/List.clear",
            "java/util/List.remove",
            "java/util/List.contains",
            "java/util/Map.size",
            "java/util/Map.isEmpty",
            "java/util/Map.containsKey",
            "java/util/Set.remove",
            "java/util/Set.size",
            "java/util/Set.isEmpty",
            "java/util/Set.contains",
            "java/util/Map.get",
            "java/util/Map.remove",
            "java/lang/Runnable.run",
            "java/lang/AutoCloseable.close",
            "java/util/function/Consumer.accept",
            "java/util/function/Supplier.get",
            "java/util/function/BooleanSupplier.getAsBoolean",
            "java/util/function/IntSupplier.getAsInt",
            "java/util/function/LongSupplier.getAsLong",
            "java/lang/String.equals",
            "java/lang/String.length",
            "java/lang/Enum.ordinal",
            "java/lang/Enum.compareTo",
            "java/lang/Long.compareUnsigned",
            "java/lang/Long.numberOfTrailingZeros",
            "java/lang/Integer.numberOfLeadingZeros",
            "java/lang/Record.<init>");

    private final Set<String> found = new HashSet<>();

    private Allocations() {
        super(Opcodes.ASM9);
    }

    static ElementMatcher.Junction<MethodDescription> of(TypeDescription type, ClassLoader loader) {
        Allocations allocations = new Allocations();
        String resource = type.getName().replace('.', '/') + ".class";
        try (InputStream bytes = loader.getResourceAsStream(resource)) {
            new ClassReader(bytes).accept(allocations, ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new ElementMatcher.Junction.AbstractBase<>() {
            @Override
            public boolean matches(MethodDescription method) {
                return allocations.found.contains(method.getInternalName() + method.getDescriptor());
            }
        };
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] thrown) {
        String method = name + descriptor;
        return new MethodVisitor(Opcodes.ASM9) {
            @Override
            public void visitTypeInsn(int opcode, String type) {
                if (opcode == Opcodes.NEW || opcode == Opcodes.ANEWARRAY) {
                    found.add(method);
                }
            }

            @Override
            public void visitIntInsn(int opcode, int operand) {
                if (opcode == Opcodes.NEWARRAY) {
                    found.add(method);
                }
            }

            @Override
            public void visitMultiANewArrayInsn(String type, int dimensions) {
                found.add(method);
            }

            @Override
            public void visitInvokeDynamicInsn(String called, String type, Handle bootstrap, Object... arguments) {
                found.add(method);
            }

            @Override
            public void visitMethodInsn(int opcode, String owner, String called, String type, boolean onInterface) {
                if (owner.startsWith("[")
                        || owner.startsWith("java/")
                                && !FREE_CLASSES.contains(owner)
                                && !FREE_METHODS.contains(owner + "." + called)) {
                    found.add(method);
                }
            }
        };
    }
}
