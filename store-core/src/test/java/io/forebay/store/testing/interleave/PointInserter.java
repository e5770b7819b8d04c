package io.forebay.store.testing.interleave;

import java.util.Set;
import java.util.function.BiPredicate;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;
import net.bytebuddy.utility.OpenedClassReader;

/** Puts a call of {@link Points} before every step of a class that another thread may notice. */
final class PointInserter extends ClassVisitor {
    private static final String POINTS = Type.getInternalName(Points.class);
    private static final String SLAB = "io/forebay/store/util/Slab";
    private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";
    private static final String ATOMICS = "java/util/concurrent/atomic/Atomic";
    private static final Set<String> READS = Set.of("get", "getAcquire", "getOpaque", "getVolatile", "getPlain");

    private static final Set<String> ADDS = Set.of("Add", "add", "ncrement", "ecrement");

    private final BiPredicate<String, String> isVolatile;
    private String owner;

    /** @param isVolatile of internal class name and field name */
    PointInserter(ClassVisitor next, BiPredicate<String, String> isVolatile) {
        super(OpenedClassReader.ASM_API, next);
        this.isVolatile = isVolatile;
    }

    @Override
    public void visit(int version, int access, String name, String signature, String parent, String[] interfaces) {
        owner = name;
        super.visit(version, access, name, signature, parent, interfaces);
    }

    @Override
    public MethodVisitor visitMethod(
            int access, String name, String descriptor, String signature, String[] exceptions) {
        if (name.equals("<clinit>") || (access & Opcodes.ACC_ABSTRACT) != 0) {
            return super.visitMethod(access, name, descriptor, signature, exceptions);
        }
        boolean isStatic = (access & Opcodes.ACC_STATIC) != 0;
        boolean isSynchronized = (access & Opcodes.ACC_SYNCHRONIZED) != 0;
        if (isSynchronized && isStatic) {
            throw new AssertionError("A static synchronized method: " + owner + "." + name);
        }
        // its monitor becomes instructions, so that a point comes before it
        MethodVisitor next =
                super.visitMethod(access & ~Opcodes.ACC_SYNCHRONIZED, name, descriptor, signature, exceptions);
        if (owner.equals(SLAB)) {
            return isStatic || name.equals("<init>") ? next : new SlabMethod(next, name, descriptor);
        }
        return isSynchronized ? new SynchronizedMethod(next) : new Method(next);
    }

    /** Of a method of a {@code VarHandle} or an atomic. */
    private static String how(String method) {
        if (READS.contains(method)) {
            return "read";
        }
        return ADDS.stream().anyMatch(method::contains) ? "add" : "write";
    }

    private static String simpleName(String internalName) {
        return internalName.substring(internalName.lastIndexOf('/') + 1);
    }

    private class Method extends MethodVisitor {
        private String lastHandle = "";

        Method(MethodVisitor next) {
            super(OpenedClassReader.ASM_API, next);
        }

        void call(String point, String descriptor) {
            super.visitMethodInsn(Opcodes.INVOKESTATIC, POINTS, point, descriptor, false);
        }

        /** @param how a method of {@link Points} */
        private void touch(String how, String place) {
            super.visitLdcInsn(place);
            call(how, "(Ljava/lang/String;)V");
        }

        @Override
        public void visitFieldInsn(int opcode, String fieldOwner, String name, String descriptor) {
            if (opcode == Opcodes.GETSTATIC && descriptor.equals("L" + VAR_HANDLE + ";")) {
                lastHandle = simpleName(fieldOwner) + "." + name;
            } else if (isVolatile.test(fieldOwner, name)) {
                boolean write = opcode == Opcodes.PUTFIELD || opcode == Opcodes.PUTSTATIC;
                touch(write ? "write" : "read", simpleName(fieldOwner) + "." + name);
            }
            super.visitFieldInsn(opcode, fieldOwner, name, descriptor);
        }

        @Override
        public void visitMethodInsn(int opcode, String target, String name, String descriptor, boolean isInterface) {
            if (target.equals(VAR_HANDLE) && opcode == Opcodes.INVOKEVIRTUAL) {
                touch(how(name), lastHandle);
            } else if (target.startsWith(ATOMICS) && opcode == Opcodes.INVOKEVIRTUAL) {
                touch(how(name), simpleName(owner) + " atomics");
            } else if (isPause(target, name)) {
                call("await", "()V");
            }
            super.visitMethodInsn(opcode, target, name, descriptor, isInterface);
        }

        private boolean isPause(String target, String name) {
            return target.equals("java/lang/Thread") && (name.equals("onSpinWait") || name.equals("yield"))
                    || target.equals("java/util/concurrent/locks/LockSupport") && name.equals("parkNanos");
        }

        @Override
        public void visitInsn(int opcode) {
            if (opcode == Opcodes.MONITORENTER) {
                super.visitInsn(Opcodes.DUP);
                call("enter", "(Ljava/lang/Object;)V");
            } else if (opcode == Opcodes.MONITOREXIT) {
                super.visitInsn(Opcodes.DUP);
                call("exit", "(Ljava/lang/Object;)V");
            }
            super.visitInsn(opcode);
        }
    }

    /** The monitor of {@code this} as instructions. */
    private final class SynchronizedMethod extends Method {
        private final Label start = new Label();
        private final Label end = new Label();

        SynchronizedMethod(MethodVisitor next) {
            super(next);
        }

        @Override
        public void visitCode() {
            super.visitCode();
            visitVarInsn(Opcodes.ALOAD, 0);
            visitInsn(Opcodes.MONITORENTER);
            visitLabel(start);
        }

        @Override
        public void visitInsn(int opcode) {
            if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
                leave();
            }
            super.visitInsn(opcode);
        }

        private void leave() {
            visitVarInsn(Opcodes.ALOAD, 0);
            super.visitInsn(Opcodes.MONITOREXIT);
        }

        @Override
        public void visitMaxs(int maxStack, int maxLocals) {
            visitLabel(end);
            visitTryCatchBlock(start, end, end, null);
            leave();
            super.visitInsn(Opcodes.ATHROW);
            super.visitMaxs(maxStack, maxLocals);
        }
    }

    /** Methods of a slab say themselves which bytes they touch: their first parameter is an index. */
    private static final class SlabMethod extends MethodVisitor {
        private final String name;
        private final Type[] parameters;

        SlabMethod(MethodVisitor next, String name, String descriptor) {
            super(OpenedClassReader.ASM_API, next);
            this.name = name;
            parameters = Type.getArgumentTypes(descriptor);
        }

        @Override
        public void visitCode() {
            super.visitCode();
            boolean touchesNothing =
                    name.equals("slice") || name.equals("toByteArray"); // or by another of these methods
            if (parameters.length == 0 || parameters[0] != Type.INT_TYPE || touchesNothing) {
                return;
            }
            super.visitVarInsn(Opcodes.ALOAD, 0);
            super.visitVarInsn(Opcodes.ILOAD, 1);
            visitBytes();
            super.visitInsn(name.startsWith("put") ? Opcodes.ICONST_1 : Opcodes.ICONST_0);
            super.visitMethodInsn(Opcodes.INVOKESTATIC, POINTS, "memory", "(Ljava/lang/Object;IIZ)V", false);
        }

        /** Pushes how many bytes. */
        private void visitBytes() {
            if (name.endsWith("Byte")) {
                super.visitInsn(Opcodes.ICONST_1);
            } else if (name.contains("Short")) {
                super.visitInsn(Opcodes.ICONST_2);
            } else if (name.contains("Int")) {
                super.visitInsn(Opcodes.ICONST_4);
            } else if (name.contains("Long")) {
                super.visitIntInsn(Opcodes.BIPUSH, Long.BYTES);
            } else if (name.equals("get") || name.equals("put")) {
                super.visitVarInsn(Opcodes.ILOAD, 4); // index, array or slab, offset, length
            } else {
                super.visitVarInsn(Opcodes.ILOAD, 2); // index, length
            }
        }
    }
}
