package io.forebay.store.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.KeyProvider;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EncryptionTest {
    private static final KeyEnvelope ENVELOPE = envelope("k", 40);

    private static KeyEnvelope envelope(String id, int bytes) {
        return KeyEnvelope.of(new KeyProvider.WrappedKey(id, new byte[bytes]));
    }

    /** Does nothing unless a test says otherwise. */
    private abstract static class Keys implements KeyProvider {
        @Override
        public String currentKeyId() {
            return "k";
        }

        @Override
        public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
            return new WrappedKey("k", dataKey.clone());
        }

        @Override
        public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
            return wrapped.clone();
        }
    }

    @Test
    void everyFileHasAKeyOfItsOwn() throws IOException {
        List<byte[]> seen = new ArrayList<>();
        Encryption encryption = Encryption.of(
                new Keys() {
                    @Override
                    public WrappedKey wrap(byte[] dataKey) {
                        assertThat(seen).allSatisfy(key -> assertThat(key).isNotEqualTo(dataKey));
                        seen.add(dataKey.clone());
                        return new WrappedKey("k", dataKey.clone());
                    }
                },
                false);
        for (int i = 0; i < 100; i++) {
            assertThat(encryption.create("same").keyId()).isEqualTo("k");
        }
        assertThat(seen).hasSize(100).allSatisfy(key -> assertThat(key).hasSize(32));
    }

    @Test
    void keysThatWereLentOrGivenAreOverwritten() throws IOException {
        List<byte[]> hands = new ArrayList<>();
        Encryption encryption = Encryption.of(
                new Keys() {
                    @Override
                    public WrappedKey wrap(byte[] dataKey) {
                        hands.add(dataKey);
                        return new WrappedKey("k", dataKey.clone());
                    }

                    @Override
                    public byte[] unwrap(String keyId, byte[] wrapped) {
                        hands.add(wrapped.clone());
                        return hands.get(hands.size() - 1);
                    }
                },
                false);
        FileCipher written = encryption.create("f");
        FileCipher read = encryption.open(written.envelope(), "f", 0);
        assertThat(hands).hasSize(2).allSatisfy(key -> assertThat(key).containsOnly(0));

        byte[] sealed = new byte[17];
        written.seal(1, 0, new byte[] {42}, 0, 1, sealed, 0);
        byte[] plain = new byte[1];
        read.open(1, 0, sealed, 0, 17, plain, 0, 0);
        assertThat(plain).containsExactly(42);
    }

    @Test
    void withoutKeysNothingIsEncryptedAndNothingEncryptedIsRead() throws IOException {
        assertThat(Encryption.of(null, false)).isSameAs(Encryption.NONE);
        assertThat(Encryption.NONE.isOn()).isFalse();
        assertThat(Encryption.NONE.create("f")).isNull();
        Encryption.NONE.checkPlain("f");
        assertThatThrownBy(() -> Encryption.NONE.open(ENVELOPE, "f", 0))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).isEqualTo("f");
                    assertThat(e.keyId()).isEqualTo("k");
                })
                .hasMessageContaining("StoreOptions.encryption");
    }

    @Test
    void aKeyThatIsMissingIsNamed() {
        assertThatThrownBy(
                        () -> Encryption.of(TestKeys.provider("other"), false).open(ENVELOPE, "f.sst", 0))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).isEqualTo("f.sst");
                    assertThat(e.keyId()).isEqualTo("k");
                })
                .hasMessageContaining("f.sst")
                .hasMessageContaining("\"k\"");
    }

    @Test
    void aWrongKeyIsDamage() throws IOException {
        KeyEnvelope envelope =
                Encryption.of(TestKeys.provider("k"), false).create("f").envelope();
        assertThatThrownBy(() -> Encryption.of(TestKeys.impostor("k"), false).open(envelope, "f", 99))
                .isInstanceOfSatisfying(CorruptionException.class, e -> {
                    assertThat(e.file()).isEqualTo("f");
                    assertThat(e.offset()).isEqualTo(99);
                })
                .hasCauseInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void aProviderThatFailsIsHeard() {
        IOException outage = new IOException("no route to the key service");
        Encryption unreachable = Encryption.of(
                new Keys() {
                    @Override
                    public WrappedKey wrap(byte[] dataKey) throws IOException {
                        throw outage;
                    }

                    @Override
                    public byte[] unwrap(String keyId, byte[] wrapped) throws IOException {
                        throw outage;
                    }
                },
                false);
        assertThatThrownBy(() -> unreachable.create("f")).isSameAs(outage);
        assertThatThrownBy(() -> unreachable.open(ENVELOPE, "f", 0)).isSameAs(outage);

        Encryption refusing = Encryption.of(
                new Keys() {
                    @Override
                    public WrappedKey wrap(byte[] dataKey) throws GeneralSecurityException {
                        throw new GeneralSecurityException("disabled");
                    }
                },
                false);
        assertThatThrownBy(() -> refusing.create("f"))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("\"k\"")
                .hasRootCauseMessage("disabled");
    }

    @Test
    void whatAProviderAnswersIsChecked() {
        for (int length : new int[] {0, 16, 31, 33}) {
            Encryption odd = Encryption.of(
                    new Keys() {
                        @Override
                        public byte[] unwrap(String keyId, byte[] wrapped) {
                            return new byte[length];
                        }
                    },
                    false);
            assertThatThrownBy(() -> odd.open(ENVELOPE, "f", 0))
                    .isInstanceOf(EncryptionException.class)
                    .hasMessageContaining(length + " bytes");
        }
        for (KeyProvider.WrappedKey wrong : List.of(
                new KeyProvider.WrappedKey("", new byte[40]),
                new KeyProvider.WrappedKey("x".repeat(256), new byte[40]),
                new KeyProvider.WrappedKey("k", new byte[0]),
                new KeyProvider.WrappedKey("k", new byte[KeyProvider.MAX_WRAPPED_BYTES + 1]))) {
            Encryption odd = Encryption.of(
                    new Keys() {
                        @Override
                        public WrappedKey wrap(byte[] dataKey) {
                            return wrong;
                        }
                    },
                    false);
            assertThatThrownBy(() -> odd.create("f")).isInstanceOf(EncryptionException.class);
        }
    }

    @Test
    void plainFilesAreRefusedOnDemand() {
        Encryption.of(TestKeys.provider("k"), false).checkPlain("f");
        assertThatThrownBy(() -> Encryption.of(TestKeys.provider("k"), true).checkPlain("f"))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("f is not encrypted");
    }

    @Test
    void envelopesComeBackAsTheyWere() {
        for (KeyEnvelope envelope : List.of(
                envelope("k", 1),
                envelope("ü".repeat(127), 40),
                envelope("x".repeat(255), KeyProvider.MAX_WRAPPED_BYTES))) {
            byte[] bytes = new byte[envelope.length() + 10];
            envelope.write(bytes, 3);
            KeyEnvelope read = KeyEnvelope.read(bytes, 3, bytes.length, "f", 0);
            assertThat(read.keyId()).isEqualTo(envelope.keyId());
            assertThat(read.wrapped()).isEqualTo(envelope.wrapped());
            assertThat(read.length()).isEqualTo(envelope.length()).isLessThanOrEqualTo(KeyEnvelope.MAX_BYTES);
        }
    }

    @Test
    void envelopesThatAreNoneAreDamage() {
        byte[] bytes = new byte[ENVELOPE.length()];
        ENVELOPE.write(bytes, 0);
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> KeyEnvelope.read(cut, 0, cut.length, "f", 500))
                    .isInstanceOfSatisfying(
                            CorruptionException.class,
                            e -> assertThat(e.offset()).isEqualTo(500));
        }
        for (byte[] wrong :
                new byte[][] {{0, 'k', 0, 1, 9}, {1, 'k', 0, 0, 9}, {1, (byte) 0xFF, 0, 1, 9}, {1, 'k', 0x10, 1, 9}}) {
            assertThatThrownBy(() -> KeyEnvelope.read(Arrays.copyOf(wrong, 5000), 0, 5000, "f", 0))
                    .isInstanceOf(CorruptionException.class);
        }
    }
}
