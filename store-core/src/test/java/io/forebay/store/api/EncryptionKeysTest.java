package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CheckpointDescription;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The keys of a store come, change and are missing. */
class EncryptionKeysTest extends EncryptedStores {
    /** Opening a store with a log writes the manifest and a new log, so these have the new key at once. */
    @Test
    void theKeyOfTheWriteAheadLogRotatesWithTheNextOpen() {
        try (Store store = open(files, options(TestKeys.provider("old")).durability(Durability.SYNCED))) {
            fill(store, 0, 5);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("old");
        }
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("new")).durability(Durability.SYNCED)))
                .isInstanceOf(EncryptionException.class);
        try (Store store = open(files, options(TestKeys.provider("new", "old")).durability(Durability.SYNCED))) {
            check(store, 0, 5);
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
        }
        try (Store store = open(
                files,
                options(TestKeys.provider("new")).durability(Durability.SYNCED).encryptedOnly(true))) {
            check(store, 0, 5);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
    }

    @Test
    void aPlainStoreIsEncryptedAsItIsRewritten() {
        try (Store store = open(files, options(null))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
            assertThat(store.encryptionKeyIds()).isEmpty();
        }
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("k")).encryptedOnly(true)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("compact");
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            check(store, 0, 300);
            assertThat(store.encryptionKeyIds()).containsExactly("k"); // of the manifest
            fill(store, 300, 310);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("k");
            check(store, 0, 310);
        }
        // The manifest is encrypted and says so, but it lists plain files.
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("k")).encryptedOnly(true)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(".sst");
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            store.compact();
            check(store, 0, 310);
        }
        try (Store store = open(files, options(TestKeys.provider("k")).encryptedOnly(true))) {
            check(store, 0, 310);
        }
    }

    @Test
    void keysRotate() throws IOException {
        try (Store store = open(files, options(TestKeys.provider("the-old-key")))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
        }
        try (Store store = open(files, options(TestKeys.provider("new", "the-old-key")))) {
            assertThat(store.encryptionKeyIds()).containsExactly("new", "the-old-key");
            check(store, 0, 300);
            fill(store, 300, 310);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("new", "the-old-key");
        }
        // The manifest has the new key, old files the old one: that is noticed before anybody reads them.
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("new"))))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).endsWith(".sst");
                    assertThat(e.keyId()).isEqualTo("the-old-key");
                });
        try (Store store = open(files, options(TestKeys.provider("new", "the-old-key")))) {
            check(store, 0, 310);
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
            check(store, 0, 310);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
        stepped.executor.drain();
        try (Store store = open(files, options(TestKeys.provider("new")))) {
            check(store, 0, 310);
        }
        for (String name : files.list()) {
            assertThat(TestKeys.contains(read(files, name), bytes("the-old-key")))
                    .as(name)
                    .isFalse();
        }
    }

    static List<Exception> refusals() {
        return List.of(
                new GeneralSecurityException("This role may only decrypt"),
                new IOException("This role may only decrypt"),
                new IllegalStateException("This role may only decrypt"),
                new IllegalArgumentException("This role may only decrypt"));
    }

    /** A role that may only decrypt, or a current key that was disabled; each service has errors of its own for that. */
    @ParameterizedTest
    @MethodSource("refusals")
    void keysThatMayOnlyBeUnwrappedAreEnoughToRead(Exception refusal) {
        KeyProvider keys = TestKeys.provider("k");
        try (Store store = open(files, options(keys))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
        }
        Decrypting decrypting = new Decrypting(keys, refusal);
        Store store = open(files, options(decrypting));
        check(store, 0, 300);
        assertThat(store.committedPayload()).isEqualTo(PAYLOAD);
        assertThatThrownBy(store::durablePayload)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasRootCauseMessage("This role may only decrypt");
        assertThatThrownBy(() -> fill(store, 300, 301)).isInstanceOf(ReadOnlyStoreException.class);
        assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
        assertThatThrownBy(store::close)
                .isInstanceOf(StoreException.class)
                .hasRootCauseMessage("This role may only decrypt");
        try (Store again = open(files, options(decrypting))) {
            decrypting.refusal = null;
            again.resume();
            assertThat(again.durablePayload()).isEqualTo(PAYLOAD);
            fill(again, 300, 301);
        }
    }

    private static final class Decrypting implements KeyProvider {
        private final KeyProvider keys;
        private Exception refusal;

        Decrypting(KeyProvider keys, Exception refusal) {
            this.keys = keys;
            this.refusal = refusal;
        }

        @Override
        public String currentKeyId() {
            return keys.currentKeyId();
        }

        @Override
        public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
            if (refusal instanceof IOException e) {
                throw e;
            } else if (refusal instanceof GeneralSecurityException e) {
                throw e;
            } else if (refusal instanceof RuntimeException e) {
                throw e;
            }
            return keys.wrap(dataKey);
        }

        @Override
        public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
            return keys.unwrap(keyId, wrapped);
        }
    }

    /** Where nothing has to be merged and nothing was written, a compaction still replaces every file, once. */
    @Test
    void compactionRewritesWhatIsInOrderForTheSakeOfTheKey() {
        KeyProvider old = TestKeys.provider("old");
        try (Store store = open(files, options(old))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
        }
        try (Store store = open(files, options(TestKeys.provider("new", "old")))) {
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
            long compactions = store.statistics().compactions();
            assertThat(compactions).isPositive();
            store.compact();
            assertThat(store.statistics().compactions()).isEqualTo(compactions);
            check(store, 0, 300);
        }
        try (Store empty = open(FileStores.inMemory(), options(old))) {
            empty.compact();
            assertThat(empty.encryptionKeyIds()).containsExactly("old");
        }
    }

    @Test
    void checkpointsNeedTheKeyToo() {
        try (Store store = open(files, options(TestKeys.provider("old")))) {
            fill(store, 0, 100);
            try (Checkpoint checkpoint = complete(store.checkpoint(PAYLOAD))) {
                byte[] metadata = checkpoint.metadata();
                assertThat(checkpoint.metadata()).isEqualTo(metadata);
                assertThatThrownBy(() -> Environment.describe(metadata))
                        .isInstanceOfSatisfying(
                                EncryptionException.class,
                                e -> assertThat(e.keyId()).isEqualTo("old"));
                CheckpointDescription description = Environment.describe(metadata, TestKeys.provider("old"));
                assertThat(description.files()).isEqualTo(checkpoint.files());
                assertThat(description.payload()).isEqualTo(PAYLOAD);
                assertThat(description.keyIds()).containsExactly("old");

                List<RestoreSource> sources = List.of(new RestoreSource(files, metadata, KeyRange.all()));
                FileStore place = FileStores.inMemory();
                assertThatThrownBy(() ->
                                stepped.environment.restore(place, options(null).build(), sources, PAYLOAD))
                        .isInstanceOf(EncryptionException.class);
                StoreOptions rotated = options(TestKeys.provider("new", "old")).build();
                try (Store restored = stepped.environment.restore(place, rotated, sources, PAYLOAD)) {
                    check(restored, 0, 100);
                    assertThat(restored.encryptionKeyIds()).containsExactly("new", "old");
                    restored.compact();
                    assertThat(restored.encryptionKeyIds()).containsExactly("new");
                }
            }
        }
    }

    @Test
    void aPlainCheckpointBecomesAnEncryptedStoreUnlessThatIsForbidden() {
        try (Store store = open(files, options(null))) {
            fill(store, 0, 100);
            try (Checkpoint checkpoint = complete(store.checkpoint(PAYLOAD))) {
                assertThat(Environment.describe(checkpoint.metadata(), TestKeys.provider("k"))
                                .keyIds())
                        .isEmpty();
                List<RestoreSource> sources = List.of(new RestoreSource(files, checkpoint.metadata(), KeyRange.all()));
                FileStore place = FileStores.inMemory();
                StoreOptions.Builder encrypted = options(TestKeys.provider("k"));
                assertThatThrownBy(() -> stepped.environment.restore(
                                FileStores.inMemory(),
                                options(TestKeys.provider("k"))
                                        .encryptedOnly(true)
                                        .build(),
                                sources,
                                PAYLOAD))
                        .isInstanceOf(EncryptionException.class);
                try (Store restored = stepped.environment.restore(place, encrypted.build(), sources, PAYLOAD)) {
                    restored.compact();
                    assertThat(restored.encryptionKeyIds()).containsExactly("k");
                }
                try (Store restored = open(place, encrypted.encryptedOnly(true))) {
                    check(restored, 0, 100);
                }
            }
        }
    }

    /** As when a disk cannot be written: nothing is lost, and reads go on. */
    @Test
    void aKeyServiceThatIsDownStopsFlushesOnly() {
        KeyProvider keys = TestKeys.provider("k");
        boolean[] down = {false};
        List<String> asked = new ArrayList<>();
        KeyProvider service = new KeyProvider() {
            @Override
            public String currentKeyId() {
                return keys.currentKeyId();
            }

            @Override
            public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
                asked.add("wrap");
                if (down[0]) {
                    throw new IOException("no route to the key service");
                }
                return keys.wrap(dataKey);
            }

            @Override
            public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
                asked.add("unwrap");
                return keys.unwrap(keyId, wrapped);
            }
        };
        Store store = open(files, options(service));
        fill(store, 0, 20);
        store.commitDurably(PAYLOAD);
        check(store, 0, 20);
        assertThat(asked).containsExactly("wrap", "wrap"); // who wrote a file has its key
        down[0] = true;
        fill(store, 20, 30);
        assertThatThrownBy(() -> store.commitDurably(PAYLOAD))
                .isInstanceOf(StoreException.class)
                .hasStackTraceContaining("no route to the key service");
        check(store, 0, 30);
        assertThatThrownBy(store::close).hasStackTraceContaining("no route to the key service");
        down[0] = false;
        try (Store again = open(files, options(service))) {
            check(again, 0, 20);
        }
    }
}
