package io.forebay.store.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.util.Callbacks;
import java.io.File;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardedFileStoreTest {
    @TempDir
    File directory;

    private final List<String> called = new ArrayList<>();
    /** How many tasks were noted. */
    private int tasks;

    private final List<Object> linkedFrom = new ArrayList<>();

    private <T> T user(Class<T> main, Class<?>... more) {
        Class<?>[] all = new Class<?>[more.length + 1];
        all[0] = main;
        System.arraycopy(more, 0, all, 1, more.length);
        InvocationHandler answers = (proxy, method, arguments) -> {
            if (method.getName().equals("hashCode")) {
                return System.identityHashCode(proxy);
            }
            if (method.getName().equals("equals")) {
                return proxy == arguments[0];
            }
            assertThatThrownBy(() -> Callbacks.checkNone("x"))
                    .as(method.toString())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("a file store");
            called.add(method.getName());
            if (method.getName().equals("startSync")) {
                ((Executor) arguments[0]).execute(() -> tasks += refused() ? 1 : 0);
            }
            if (method.getName().equals("linkFrom")) {
                linkedFrom.add(arguments[0]);
            }
            return answer(method);
        };
        return main.cast(Proxy.newProxyInstance(getClass().getClassLoader(), all, answers));
    }

    private Object answer(Method method) {
        Class<?> type = method.getReturnType();
        if (type == boolean.class) {
            return true;
        } else if (type == long.class) {
            return 7L;
        } else if (type == String.class) {
            return method.getName();
        } else if (type == ReadableFile.class) {
            return user(MappableFile.class);
        } else if (type == WritableFile.class) {
            return user(WritableFile.class);
        } else if (type == AutoCloseable.class) {
            return user(AutoCloseable.class);
        }
        return null;
    }

    private static boolean refused() {
        try {
            Callbacks.checkNone("x");
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    /** On a thread of the engine. */
    @Test
    void whatAFileRunsElsewhereIsNoted() throws Exception {
        List<Runnable> given = new ArrayList<>();
        GuardedFileStore.of(user(FileStore.class)).create("name").startSync(given::add);
        assertThat(given).hasSize(1);
        given.get(0).run();
        assertThat(tasks).isEqualTo(1);
        assertThat(refused()).isFalse();
    }

    /** Default methods as well: what is not forwarded would do what the interface does. */
    private void checkAll(Object guarded, Class<?>... types) throws Exception {
        for (Class<?> type : types) {
            for (Method method : type.getMethods()) {
                called.clear();
                Object[] arguments = new Object[method.getParameterCount()];
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = argument(method.getParameterTypes()[i]);
                }
                Object result = method.invoke(guarded, arguments);
                assertThat(called).as(method.toString()).containsExactly(method.getName());
                if (method.getReturnType().isPrimitive() && method.getReturnType() != void.class) {
                    assertThat(result).as(method.toString()).isIn(true, 7L);
                }
                assertThatCode(() -> Callbacks.checkNone("x")).doesNotThrowAnyException();
            }
        }
        called.clear();
        assertThat(guarded).hasToString("toString");
        assertThat(called).containsExactly("toString");
    }

    private static Object argument(Class<?> type) {
        if (type == long.class) {
            return 0L;
        } else if (type == String.class) {
            return "name";
        } else if (type == byte[].class) {
            return new byte[0];
        } else if (type == ByteBuffer.class) {
            return ByteBuffer.allocate(1);
        } else if (type == FileStore.class) {
            return new MemoryFileStore();
        } else if (type == Executor.class) {
            return (Executor) Runnable::run;
        }
        return null;
    }

    @Test
    void everyCallIsForwardedAndNoted() throws Exception {
        FileStore guarded = GuardedFileStore.of(user(FileStore.class, MappableFiles.class));
        checkAll(guarded, FileStore.class, MappableFiles.class);
        checkAll(guarded.create("name"), WritableFile.class);
        checkAll(guarded.open("name"), ReadableFile.class, MappableFile.class);
        called.clear();
        guarded.lock().close();
        assertThat(called).containsExactly("lock", "close");
        assertThat(GuardedFileStore.of(user(FileStore.class))).isNotInstanceOf(MappableFiles.class);
        assertThat(GuardedFileStore.of(guarded)).isSameAs(guarded);
    }

    /** So they cost nothing more. */
    @Test
    void whatTheEngineOpensIsUsedAsItIs() throws Exception {
        for (FileStore own : List.of(new LocalFileStore(directory), new MemoryFileStore())) {
            assertThat(GuardedFileStore.of(own)).isSameAs(own);
            try (WritableFile file = own.create("name")) {
                assertThat(GuardedWritableFile.of(file)).isSameAs(file);
                file.append(ByteBuffer.wrap(new byte[10]));
            }
            FileStore behindAnother = GuardedFileStore.of(new ForwardingFileStore(own) {});
            try (ReadableFile file = behindAnother.open("name")) {
                assertThat(file)
                        .isNotInstanceOf(GuardedReadableFile.class)
                        .isInstanceOfAny(LocalReadableFile.class, MemoryFileStore.Reader.class);
            }
            try (ReadableFile file = own.open("name")) {
                assertThat(GuardedReadableFile.of(file)).isSameAs(file);
            }
        }
    }

    @Test
    void aFileStoreKnowsItsOwn() throws Exception {
        FileStore from = user(FileStore.class);
        GuardedFileStore.of(user(FileStore.class)).linkFrom(GuardedFileStore.of(from), "name");
        assertThat(linkedFrom).singleElement().isSameAs(from);
        assertThat(GuardedFileStore.areSame(GuardedFileStore.of(from), from)).isTrue();
        assertThat(GuardedFileStore.areSame(GuardedFileStore.of(from), user(FileStore.class)))
                .isFalse();
        ReadableFile opened = GuardedFileStore.openForUser(GuardedFileStore.of(from), "name");
        assertThat(opened).isNotInstanceOf(GuardedReadableFile.class);
    }

    /** Also by another opened store, which has another guard. */
    @Test
    void oneThatHasOpenedAMappableFileIsKnown() {
        MappedFiles mapped = new MappedFiles(true, new ManualClock());
        FileStore files = user(FileStore.class);
        assertThat(mapped.mayMap(GuardedFileStore.of(files))).isFalse();
        mapped.canMap(GuardedFileStore.of(files));
        System.gc();
        assertThat(mapped.mayMap(GuardedFileStore.of(files))).isTrue();
    }
}
