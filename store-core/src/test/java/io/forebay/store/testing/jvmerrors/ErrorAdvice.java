package io.forebay.store.testing.jvmerrors;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import net.bytebuddy.asm.Advice;

/** What is put into the methods of the engine. */
final class ErrorAdvice {
    /** Whether the method can run out of heap. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.PARAMETER)
    @interface Allocates {}

    private ErrorAdvice() {}

    static final class OfMethod {
        private OfMethod() {}

        @Advice.OnMethodEnter
        static void enter(@Advice.Origin("#t.#m") String method, @Allocates boolean allocates) {
            JvmErrors.enter(method, allocates);
        }

        @Advice.OnMethodExit(onThrowable = Throwable.class)
        static void exit() {
            JvmErrors.exit();
        }
    }

    static final class OfConstructor {
        private OfConstructor() {}

        @Advice.OnMethodEnter
        static void enter(@Advice.Origin("#t.#m") String method, @Allocates boolean allocates) {
            JvmErrors.construct(method, allocates);
        }
    }
}
