package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Checkpoint;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyProvider;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Stores with keys, in which everything that is written is called SECRET; the base of their tests. */
abstract class EncryptedStores {
    static final byte[] PAYLOAD = bytes("SECRET-payload");

    final SteppedEnvironment stepped = new SteppedEnvironment();
    final FileStore files = FileStores.inMemory();

    @AfterEach
    void close() {
        stepped.close();
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    static StoreOptions.Builder options(KeyProvider keys) {
        return StoreOptions.builder()
                .name("SECRET-store")
                .memtableBytes(4 << 10)
                .blockBytes(256)
                .targetFileBytes(8 << 10)
                .mergeFunction(new MergeFunction() {
                    private final MergeFunction append = MergeFunction.append((byte) ',');

                    @Override
                    public String name() {
                        return "SECRET-merge";
                    }

                    @Override
                    public byte[] merge(byte[] key, List<byte[]> values) {
                        return append.merge(key, values);
                    }
                })
                .encryption(keys);
    }

    Store open(FileStore place, StoreOptions.Builder options) {
        return stepped.environment.open(place, options.build());
    }

    static void fill(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            store.put(bytes(String.format("SECRET-key%05d", i)), bytes("SECRET-value" + i));
        }
    }

    static void check(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            assertThat(store.get(bytes(String.format("SECRET-key%05d", i)))).isEqualTo(bytes("SECRET-value" + i));
        }
    }

    Checkpoint complete(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            stepped.executor.help();
        }
        return checkpoint;
    }

    static byte[] read(FileStore place, String name) throws IOException {
        try (ReadableFile file = place.open(name)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(0, content);
            return content.array();
        }
    }
}
