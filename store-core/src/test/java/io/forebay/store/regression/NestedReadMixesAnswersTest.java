package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Compression;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyProvider;
import io.forebay.store.ReadableFile;
import io.forebay.store.Snapshot;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.HeapSlabs;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A point read in whose middle a key provider or a file store read another store answered with the value of that store,
 * or called a block damaged: both used the same arrays of their thread.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NestedReadMixesAnswersTest {
    private static final int ROWS = 1_000;
    private static final int OTHER_ROWS = 4_000;

    private final Environment environment = Environment.builder()
            .memoryBytes(8 << 20)
            .allocator(new HeapSlabs())
            .build();
    private final Store other = environment.open(FileStores.inMemory(), sealed("other", TestKeys.provider("other")));
    private int nested;

    private static StoreOptions sealed(String name, KeyProvider keys) {
        return StoreOptions.builder()
                .name(name)
                .compression(Compression.LZ4)
                .encryption(keys)
                .blockBytes(512)
                .targetFileBytes(4 << 10)
                .build();
    }

    @AfterEach
    void close() {
        environment.close();
    }

    private static byte[] row(int i) {
        return String.format("row%05d", i).getBytes(UTF_8);
    }

    private static byte[] value(int i) {
        return ("value of " + i).getBytes(UTF_8);
    }

    private static byte[] otherKey(int i) {
        return String.format("key%05d", i).getBytes(UTF_8);
    }

    private static byte[] otherValue(int i) {
        return ("of the other store " + i).getBytes(UTF_8);
    }

    /** In files, because what the active memtable answers needs no lookup. */
    private void fillOther() {
        for (int i = 0; i < OTHER_ROWS; i++) {
            other.put(otherKey(i), otherValue(i));
        }
        other.flush();
    }

    /** Each time a key of another block, that is not in the cache before all of them were read. */
    private byte[] readOther() {
        int i = (int) (nested++ * 37L % OTHER_ROWS);
        byte[] value = other.get(otherKey(i));
        assertThat(value).isEqualTo(otherValue(i));
        ValueBuffer into = new ValueBuffer();
        assertThat(other.get(otherKey(i), 0, otherKey(i).length, into)).isTrue();
        assertThat(into.toByteArray()).isEqualTo(value);
        assertThat(other.get(row(i))).isNull();
        assertThat(other.multiGet(List.of(otherKey(i), row(i)))).containsExactly(value, null);
        return value;
    }

    /** All ways of a point read, each of a store that has just been opened. */
    private void check(FileStore files, StoreOptions options) {
        try (Store store = environment.open(files, options)) {
            for (int i = 0; i < ROWS; i++) {
                store.put(row(i), value(i));
            }
            store.commitDurably(new byte[0]);
            store.compact();
        }
        int before = nested;
        try (Store store = environment.open(files, options)) {
            for (int i = 0; i < ROWS; i++) {
                assertThat(store.get(row(i))).isEqualTo(value(i));
            }
        }
        assertThat(nested).isGreaterThan(before);
        try (Store store = environment.open(files, options)) {
            ValueBuffer into = new ValueBuffer();
            for (int i = 0; i < ROWS; i++) {
                assertThat(store.get(row(i), 0, row(i).length, into)).isTrue();
                assertThat(into.toByteArray()).isEqualTo(value(i));
            }
        }
        try (Store store = environment.open(files, options);
                Snapshot snapshot = store.snapshot()) {
            for (int i = 0; i < ROWS; i++) {
                assertThat(snapshot.get(row(i))).isEqualTo(value(i));
            }
        }
        try (Store store = environment.open(files, options)) {
            List<byte[]> keys = new ArrayList<>();
            List<byte[]> values = new ArrayList<>();
            for (int i = 0; i < ROWS; i++) {
                keys.add(row(i));
                values.add(value(i));
            }
            assertThat(store.multiGet(keys)).containsExactlyElementsOf(values);
        }
    }

    @Test
    void aKeyProviderMayReadAnotherStore() {
        fillOther();
        KeyProvider keys = TestKeys.provider("rows");
        check(FileStores.inMemory(), sealed("rows", new KeyProvider() {
            @Override
            public String currentKeyId() {
                return keys.currentKeyId();
            }

            @Override
            public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
                readOther();
                return keys.wrap(dataKey);
            }

            @Override
            public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
                readOther();
                return keys.unwrap(keyId, wrapped);
            }
        }));
    }

    @Test
    void aFileStoreMayReadAnotherStore() {
        fillOther();
        check(
                new ReadingFiles(),
                StoreOptions.builder().name("plain").targetFileBytes(4 << 10).build());
        check(new ReadingFiles(), sealed("sealed", TestKeys.provider("sealed")));
    }

    /** Reads the other store when it has read half of what it is asked for. */
    private final class ReadingFiles extends ForwardingFileStore {
        ReadingFiles() {
            super(FileStores.inMemory());
        }

        @Override
        public ReadableFile open(String name) throws IOException {
            return new Reader(super.open(name)) {
                @Override
                public void read(long position, ByteBuffer into) throws IOException {
                    int half = into.remaining() / 2;
                    int end = into.limit();
                    into.limit(into.position() + half);
                    super.read(position, into);
                    readOther();
                    into.limit(end);
                    super.read(position + half, into);
                }
            };
        }
    }
}
