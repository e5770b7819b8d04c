package io.forebay.store.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.MergeFunction;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.List;

/** A store with a write-ahead log, and what a crash left of it; the base of their tests. */
abstract class LoggedStores {
    final CrashFileStore files = new CrashFileStore();

    static void write(Store store) {
        store.put(bytes("a"), bytes("1"));
        store.commit(bytes("one"));
        store.merge(bytes("a"), bytes("2"));
        store.put(bytes("gone"), bytes("x"));
        store.delete(bytes("gone"));
        store.write(new WriteBatch().put(bytes("r1"), bytes("x")).put(bytes("r3"), bytes("x")));
        store.deleteRange(bytes("r0"), bytes("r2"));
        store.commit(bytes("two"));
        store.put(bytes("last"), bytes("y"));
    }

    static void assertWritten(CrashFileStore left, String payload) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            check(stepped.open(left, options(Durability.BUFFERED)), payload);
        }
    }

    static void check(Store store, String payload) {
        assertThat(store.get(bytes("a"))).isEqualTo(bytes("1,2"));
        assertThat(store.get(bytes("gone"))).isNull();
        assertThat(store.get(bytes("r1"))).isNull();
        assertThat(store.get(bytes("r3"))).isEqualTo(bytes("x"));
        assertThat(store.get(bytes("last"))).isEqualTo(bytes("y"));
        assertThat(store.committedPayload()).isEqualTo(bytes(payload));
        assertThat(store.durablePayload()).isEqualTo(bytes(payload));
    }

    static void assertAfter(CrashFileStore left, String payload, String a) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(left, options(Durability.BUFFERED));
            assertThat(store.committedPayload()).isEqualTo(bytes(payload));
            assertThat(store.get(bytes("a"))).isEqualTo(bytes(a));
        }
    }

    List<String> logs() {
        return files.list().stream().filter(name -> name.startsWith("WAL-")).toList();
    }

    static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability).mergeFunction(MergeFunction.append((byte) ','));
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
