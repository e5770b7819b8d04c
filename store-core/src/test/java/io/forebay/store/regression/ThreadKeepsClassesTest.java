package io.forebay.store.regression;

import static org.assertj.core.api.Assertions.assertThat;

import com.dynatrace.hash4j.hashing.Hashing;
import io.forebay.store.Environment;
import io.forebay.store.FileStores;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * A thread that had called {@code get} once kept the classes of the engine for as long as it lived, so that each redeployment of
 * an application, on threads that outlive it, leaked them.
 */
class ThreadKeepsClassesTest {
    private static final int COLLECTIONS = 50;

    @Test
    void theyGoWithTheirLoader() throws Exception {
        WeakReference<ClassLoader> loader = used();
        used(); // what the JVM still has of the first on the stack of this thread is overwritten
        for (int i = 0; i < COLLECTIONS && loader.get() != null; i++) {
            System.gc();
        }
        assertThat(loader.get()).isNull();
    }

    /** On this thread, which lives on. The log goes nowhere, because loggers of the tests may keep classes as well. */
    private static WeakReference<ClassLoader> used() throws Exception {
        URL[] places = {
            placeOf(Store.class), placeOf(Application.class), placeOf(Hashing.class), placeOf(LoggerFactory.class)
        };
        try (URLClassLoader own = new URLClassLoader(places, ClassLoader.getPlatformClassLoader())) {
            Class<?> application = own.loadClass(Application.class.getName());
            assertThat(application).isNotSameAs(Application.class);
            ((Runnable) application.getConstructor().newInstance()).run();
            return new WeakReference<>(own);
        }
    }

    private static URL placeOf(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }

    /** Opens a store, reads from its memtable and from a file, and closes it. */
    public static final class Application implements Runnable {
        @Override
        public void run() {
            try (Environment environment =
                            Environment.builder().memoryBytes(4 << 20).build();
                    Store store = environment.open(FileStores.inMemory(), StoreOptions.defaults())) {
                byte[] key = {1};
                store.put(key, key);
                store.get(key);
                store.flush();
                store.get(key);
            }
        }
    }
}
