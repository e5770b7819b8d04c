package io.forebay.store.wal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Logs that a kill left, changed before the store is opened again; the base of their tests. */
abstract class ChangedLogs {
    static final KeyProvider KEYS = KeyProviders.ofKeys("k", Map.of("k", new byte[32]));
    final CrashFileStore files = new CrashFileStore();
    final Model model = new Model();
    KeyProvider encryption;

    void write(Store store) {
        for (int i = 0; i < 8; i++) {
            byte[] key = bytes("key" + i);
            byte[] value = i == 5 ? new byte[300] : bytes("value" + i);
            store.put(key, value);
            model.put(key, value);
        }
        store.write(new WriteBatch().put(bytes("b"), bytes("1")).deleteRange(bytes("key1"), bytes("key3")));
        model.put(bytes("b"), bytes("1"));
        model.deleteRange(bytes("key1"), bytes("key3"));
        store.commit(bytes("payload"));
    }

    void assertSame(CrashFileStore left) {
        model.assertSame(open(left, 1), KeyRange.all(), "reopened");
    }

    Store open(CrashFileStore directory, long ids) {
        return environment(ids).environment.open(directory, options());
    }

    static SteppedEnvironment environment(long ids) {
        return new SteppedEnvironment(1 << 20, new Random(ids));
    }

    StoreOptions options() {
        return builder().build();
    }

    StoreOptions.Builder builder() {
        return StoreOptions.builder()
                .durability(Durability.SYNCED)
                .encryption(encryption)
                .mergeFunction(MergeFunction.append((byte) ','));
    }

    static List<String> logs(CrashFileStore directory) {
        return directory.list().stream().filter(name -> name.startsWith("WAL-")).toList();
    }

    /** A copy of the directory with another content of one file. */
    static CrashFileStore with(CrashFileStore directory, String name, byte[] content) throws IOException {
        CrashFileStore copy = directory.afterKill();
        copy.delete(name);
        copy.putIfAbsent(name, content);
        return copy;
    }

    static byte[] read(FileStore from, String name) throws IOException {
        try (ReadableFile file = from.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
