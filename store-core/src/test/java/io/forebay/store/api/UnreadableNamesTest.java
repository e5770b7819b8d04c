package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names that files cannot keep, because UTF-8 has no bytes for half of a surrogate pair: they would be read as other names. */
class UnreadableNamesTest {
    private static final String HALF = "half \ud800";

    private static MergeFunction function(String name) {
        return new MergeFunction() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public byte[] merge(byte[] key, List<byte[]> values) {
                return values.get(0);
            }
        };
    }

    @Test
    void aMergeFunctionIsRefusedByTheOpen() {
        FileStore files = new CrashFileStore();
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            assertThatThrownBy(() -> stepped.open(files, StoreOptions.builder().mergeFunction(function(HALF))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("merge function")
                    .hasMessageContaining("surrogate");
            assertThatThrownBy(() -> stepped.open(files, StoreOptions.builder().mergeFunction(function(null))))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("merge function is null");
            stepped.open(files).close();
        }
    }

    @Test
    void aKeyIdIsRefusedByTheProvider() {
        assertThatThrownBy(() -> KeyProviders.ofKeys(HALF, Map.of(HALF, new byte[32])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Key id")
                .hasMessageContaining("surrogate");
    }

    /** A provider of a user. Nothing is written under such a key. */
    @Test
    void aStoreWithSuchAKeyWritesNothing() {
        KeyProvider real = KeyProviders.ofKeys("k", Map.of("k", new byte[32]));
        KeyProvider provider = new KeyProvider() {
            @Override
            public String currentKeyId() {
                return HALF;
            }

            @Override
            public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
                return new WrappedKey(HALF, real.wrap(dataKey).bytes());
            }

            @Override
            public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
                return real.unwrap("k", wrapped);
            }
        };
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            assertThatThrownBy(() -> stepped.open(
                            new CrashFileStore(), StoreOptions.builder().encryption(provider)))
                    .hasStackTraceContaining("surrogate");
        }
    }
}
