package io.forebay.store.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.testing.TestKeys;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LocalKeyProviderTest {
    private static final byte[] DATA_KEY =
            HexFormat.of().parseHex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");

    /** Section 4.6 of RFC 3394. */
    @Test
    void wrapsLikeTheStandardSays() throws Exception {
        byte[] master = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        KeyProvider.WrappedKey wrapped =
                KeyProviders.ofKeys("k", Map.of("k", master)).wrap(DATA_KEY.clone());
        assertThat(wrapped.keyId()).isEqualTo("k");
        assertThat(HexFormat.of().formatHex(wrapped.bytes()))
                .isEqualTo(
                        "28c9f404c4b810f4cbccb35cfb87f826" + "3f5786e2d80ed326cbc7f0e71a99f43b" + "fb988b9b7a02dd21");
    }

    @Test
    void unwrapsWithEveryKeyItHas() throws Exception {
        KeyProvider.WrappedKey old = TestKeys.provider("old").wrap(DATA_KEY.clone());
        KeyProvider rotated = TestKeys.provider("new", "old");
        assertThat(rotated.currentKeyId()).isEqualTo("new");
        assertThat(rotated.wrap(DATA_KEY.clone()).keyId()).isEqualTo("new");
        assertThat(rotated.unwrap(old.keyId(), old.bytes())).isEqualTo(DATA_KEY);
        assertThat(TestKeys.provider("new").unwrap("old", old.bytes())).isNull();
    }

    @Test
    void noticesAWrongKeyAndEveryChangedByte() throws Exception {
        KeyProvider keys = TestKeys.provider("k");
        byte[] wrapped = keys.wrap(DATA_KEY.clone()).bytes();
        assertThatThrownBy(() -> TestKeys.impostor("k").unwrap("k", wrapped))
                .isInstanceOf(GeneralSecurityException.class);
        for (int at = 0; at < wrapped.length; at++) {
            for (int change = 1; change < 256; change++) {
                byte[] damaged = wrapped.clone();
                damaged[at] ^= (byte) change;
                assertThatThrownBy(() -> keys.unwrap("k", damaged)).isInstanceOf(GeneralSecurityException.class);
            }
        }
        for (int length = 0; length < wrapped.length; length++) {
            byte[] cut = Arrays.copyOf(wrapped, length);
            assertThatThrownBy(() -> keys.unwrap("k", cut)).isInstanceOf(GeneralSecurityException.class);
        }
    }

    @Test
    void keepsItsOwnCopyAndShowsNoKey() throws Exception {
        byte[] master = TestKeys.master("k");
        KeyProvider keys = KeyProviders.ofKeys("k", Map.of("k", master));
        byte[] wrapped = keys.wrap(DATA_KEY.clone()).bytes();
        Arrays.fill(master, (byte) 0);
        assertThat(keys.unwrap("k", wrapped)).isEqualTo(DATA_KEY);
        assertThat(keys.toString())
                .contains("current k")
                .doesNotContain(HexFormat.of().formatHex(TestKeys.master("k"), 0, 4));
    }

    @Test
    void refusesKeysThatAreNone() {
        assertThatThrownBy(() -> KeyProviders.ofKeys("a", Map.of("b", new byte[32])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"a\"");
        assertThatThrownBy(() -> KeyProviders.ofKeys("a", Map.of("a", new byte[16])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16 bytes");
        assertThatThrownBy(() -> KeyProviders.ofKeys("", Map.of("", new byte[32])))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KeyProviders.ofKeys("a", Map.of("a", new byte[32], "ü".repeat(128), new byte[32])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("256 bytes");
    }
}
