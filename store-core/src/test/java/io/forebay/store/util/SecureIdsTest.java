package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SecureIdsTest {
    @Test
    void idsDifferAndUseAllBits() {
        SecureIds ids = new SecureIds();
        Set<Long> seen = new HashSet<>();
        long ones = 0;
        long zeros = 0;
        for (int i = 0; i < 1_000; i++) {
            long id = ids.getAsLong();
            assertThat(seen.add(id)).isTrue();
            ones |= id;
            zeros |= ~id;
        }
        assertThat(ones).isEqualTo(-1L);
        assertThat(zeros).isEqualTo(-1L);
    }
}
