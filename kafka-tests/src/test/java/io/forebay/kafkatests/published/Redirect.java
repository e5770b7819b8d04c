package io.forebay.kafkatests.published;

import static net.bytebuddy.matcher.ElementMatchers.isBridge;
import static net.bytebuddy.matcher.ElementMatchers.isDeclaredBy;
import static net.bytebuddy.matcher.ElementMatchers.isStatic;
import static net.bytebuddy.matcher.ElementMatchers.nameContains;
import static net.bytebuddy.matcher.ElementMatchers.nameStartsWith;
import static net.bytebuddy.matcher.ElementMatchers.named;
import static net.bytebuddy.matcher.ElementMatchers.not;
import static net.bytebuddy.matcher.ElementMatchers.takesArguments;

import io.forebay.kafka.ForebayStores;
import io.forebay.kafka.state.ForebayStateStore;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.dynamic.loading.ClassReloadingStrategy;
import net.bytebuddy.implementation.MethodDelegation;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.AbstractSegments;
import org.apache.kafka.streams.state.internals.RocksDBStore;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Makes Kafka Streams' factories of RocksDB stores make Forebay's, before the first test runs: {@code Stores.persistent*},
 * the default of the DSL, and the suppliers that tests make by themselves. Versioned stores and buffers, which Forebay does
 * not have, stay RocksDB's.
 */
public final class Redirect implements LauncherSessionListener {
    private static final String INTERNALS = "org.apache.kafka.streams.state.internals.";
    private static final String[] KEY_VALUE_SUPPLIERS = {
        "RocksDBKeyValueBytesStoreSupplier", "RocksDBKeyValueHeadersBytesStoreSupplier"
    };
    private static final String[] WINDOW_SUPPLIERS = {
        "RocksDbWindowBytesStoreSupplier",
        "RocksDbWindowHeadersBytesStoreSupplier",
        "RocksDbIndexedTimeOrderedWindowBytesStoreSupplier",
        "RocksDbIndexedTimeOrderedWindowBytesStoreWithHeadersSupplier"
    };
    private static final String[] SESSION_SUPPLIERS = {
        "RocksDbSessionBytesStoreSupplier",
        "RocksDbSessionHeadersBytesStoreSupplier",
        "RocksDbTimeOrderedSessionBytesStoreSupplier",
        "RocksDbTimeOrderedSessionHeadersBytesStoreSupplier"
    };

    /** True in the JVM that runs Kafka's published classes. */
    static boolean isWanted() {
        return Boolean.getBoolean("forebay.published");
    }

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (!isWanted()) {
            return;
        }
        Proof.begin();
        ByteBuddyAgent.install();
        ByteBuddy byteBuddy = new ByteBuddy();
        reload(byteBuddy
                .redefine(Stores.class)
                .method(isStatic().and(nameStartsWith("persistent")).and(not(nameContains("Versioned"))))
                .intercept(MethodDelegation.to(ForebayStores.class)));
        reload(byteBuddy
                .redefine(BuiltInDslStoreSuppliers.RocksDBDslStoreSuppliers.class)
                .method(named("keyValueStore").or(named("windowStore")).or(named("sessionStore")))
                .intercept(MethodDelegation.to(Replacements.Dsl.class)));
        for (String supplier : KEY_VALUE_SUPPLIERS) {
            redirectGet(byteBuddy, supplier, Replacements.KeyValue.class);
        }
        for (String supplier : WINDOW_SUPPLIERS) {
            redirectGet(byteBuddy, supplier, Replacements.Window.class);
        }
        for (String supplier : SESSION_SUPPLIERS) {
            redirectGet(byteBuddy, supplier, Replacements.Session.class);
        }
        reload(byteBuddy
                .redefine(ForebayStateStore.class)
                .visit(Advice.to(OpenedStores.Forebay.class).on(named("open").and(takesArguments(0)))));
        reload(byteBuddy
                .redefine(RocksDBStore.class)
                .visit(Advice.to(OpenedStores.RocksDb.class).on(named("openDB"))));
        reload(byteBuddy
                .redefine(AbstractSegments.class)
                .visit(Advice.to(OpenedStores.RocksDb.class).on(named("openExisting"))));
    }

    private static void redirectGet(ByteBuddy byteBuddy, String supplier, Class<?> replacement) {
        try {
            Class<?> type = Class.forName(INTERNALS + supplier);
            reload(byteBuddy
                    .redefine(type)
                    .method(named("get")
                            .and(takesArguments(0))
                            .and(isDeclaredBy(type))
                            .and(not(isBridge())))
                    .intercept(MethodDelegation.to(replacement)));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("This Kafka Streams has no " + supplier, e);
        }
    }

    private static void reload(net.bytebuddy.dynamic.DynamicType.Builder<?> builder) {
        builder.make().load(Redirect.class.getClassLoader(), ClassReloadingStrategy.fromInstalledAgent());
    }
}
