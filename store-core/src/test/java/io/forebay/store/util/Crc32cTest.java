package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class Crc32cTest {
    @Test
    void isCastagnoliMasked() {
        byte[] check = "123456789".getBytes(StandardCharsets.US_ASCII);
        int masked = Crc32c.masked(check, 0, check.length);
        assertThat(masked).isEqualTo(((0xE3069283 >>> 15) | (0xE3069283 << 17)) + 0xA282EAD8);
    }

    @Test
    void allFormsAgree() {
        byte[] bytes = new byte[100];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        Slab slab = new Slab(ByteBuffer.allocateDirect(200));
        slab.put(50, bytes, 0, bytes.length);
        int expected = Crc32c.masked(bytes, 10, 80);
        assertThat(Crc32c.masked(ByteBuffer.wrap(bytes, 10, 80))).isEqualTo(expected);
        assertThat(Crc32c.masked(slab, 60, 80)).isEqualTo(expected);
    }

    @Test
    void zerosDoNotCheckThemselves() {
        assertThat(Crc32c.masked(new byte[64], 0, 64)).isNotZero();
        assertThat(Crc32c.masked(new byte[0], 0, 0)).isNotZero();
    }
}
