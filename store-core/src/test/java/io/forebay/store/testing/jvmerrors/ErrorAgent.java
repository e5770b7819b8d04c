package io.forebay.store.testing.jvmerrors;

import static net.bytebuddy.matcher.ElementMatchers.isConstructor;
import static net.bytebuddy.matcher.ElementMatchers.isInterface;
import static net.bytebuddy.matcher.ElementMatchers.isMethod;
import static net.bytebuddy.matcher.ElementMatchers.nameStartsWith;
import static net.bytebuddy.matcher.ElementMatchers.none;
import static net.bytebuddy.matcher.ElementMatchers.not;

import java.lang.instrument.Instrumentation;
import java.util.List;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.agent.builder.AgentBuilder;
import net.bytebuddy.agent.builder.ResettableClassFileTransformer;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.matcher.ElementMatcher;
import net.bytebuddy.utility.JavaModule;

/** Instruments packages of the engine until it is closed, classes that are loaded already included. */
public final class ErrorAgent implements AutoCloseable {
    private final Instrumentation instrumentation;
    private final ResettableClassFileTransformer transformer;

    /** @param packages without a dot at the end */
    public ErrorAgent(List<String> packages) {
        ElementMatcher.Junction<TypeDescription> types = none();
        for (String name : packages) {
            types = types.or(nameStartsWith(name + "."));
        }
        instrumentation = ByteBuddyAgent.install();
        transformer = new AgentBuilder.Default(new ByteBuddy())
                .disableClassFormatChanges()
                .with(AgentBuilder.RedefinitionStrategy.RETRANSFORMATION)
                .with(AgentBuilder.RedefinitionStrategy.Listener.ErrorEscalating.FAIL_FAST)
                .with(AgentBuilder.Listener.StreamWriting.toSystemError().withErrorsOnly())
                .ignore(none())
                .type(types.and(not(isInterface())))
                .transform(ErrorAgent::instrument)
                .installOn(instrumentation);
    }

    private static DynamicType.Builder<?> instrument(
            DynamicType.Builder<?> builder,
            TypeDescription type,
            ClassLoader loader,
            JavaModule module,
            java.security.ProtectionDomain domain) {
        ElementMatcher.Junction<MethodDescription> allocating = Allocations.of(type, loader);
        return builder.visit(
                        advice(ErrorAdvice.OfMethod.class, true).on(isMethod().and(allocating)))
                .visit(advice(ErrorAdvice.OfMethod.class, false).on(isMethod().and(not(allocating))))
                .visit(advice(ErrorAdvice.OfConstructor.class, true)
                        .on(isConstructor().and(allocating)))
                .visit(advice(ErrorAdvice.OfConstructor.class, false)
                        .on(isConstructor().and(not(allocating))));
    }

    private static Advice advice(Class<?> of, boolean allocates) {
        return Advice.withCustomMapping()
                .bind(ErrorAdvice.Allocates.class, allocates)
                .to(of);
    }

    @Override
    public void close() {
        transformer.reset(instrumentation, AgentBuilder.RedefinitionStrategy.RETRANSFORMATION);
    }
}
