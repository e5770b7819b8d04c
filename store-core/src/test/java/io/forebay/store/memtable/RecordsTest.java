package io.forebay.store.memtable;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Store;
import io.forebay.store.key.ValueKind;
import org.junit.jupiter.api.Test;

class RecordsTest {
    @Test
    void everyLengthHasASlotThatIsLittleLonger() {
        int last = 0;
        for (long length = 0; length <= Store.MAX_VALUE_BYTES; length += 1 + length / 977) {
            int sizeClass = Records.sizeClassFor((int) length);
            int slot = Records.slotBytes(sizeClass);
            assertThat(slot % 8).isZero();
            assertThat(slot - Records.VALUE).isGreaterThanOrEqualTo((int) length);
            assertThat((double) slot).isLessThanOrEqualTo((length + 20) * 1.07);
            assertThat(Records.slotBytes(sizeClass - 1) - Records.VALUE).isLessThan((int) length);
            assertThat(sizeClass).isGreaterThanOrEqualTo(last).isLessThan(512);
            last = sizeClass;
        }
        assertThat(Records.slotBytes(Records.sizeClassFor(Store.MAX_VALUE_BYTES)))
                .isPositive();
    }

    @Test
    void everySlotLengthBelongsToItsOwnClass() {
        for (int sizeClass = 2; sizeClass <= Records.sizeClassFor(Store.MAX_VALUE_BYTES); sizeClass++) {
            assertThat(Records.sizeClassFor(Records.slotBytes(sizeClass) - Records.VALUE))
                    .isEqualTo(sizeClass);
        }
    }

    @Test
    void theWordKeepsItsParts() {
        for (long sequence : new long[] {0, 1, 0x123456789ABCL, Records.MAX_SEQUENCE}) {
            long word = Records.word(sequence, 400, ValueKind.MERGE);
            assertThat(Records.sequence(word)).isEqualTo(sequence);
            assertThat(Records.sizeClass(word)).isEqualTo(400);
            assertThat(Records.kind(word)).isEqualTo(ValueKind.MERGE);
            assertThat(Records.capacity(word)).isEqualTo(Records.slotBytes(400) - Records.VALUE);
            assertThat(Records.kind(Records.busy(word))).isZero();
            assertThat(Records.sequence(Records.busy(word))).isEqualTo(sequence);
            assertThat(Records.capacity(Records.busy(word))).isEqualTo(Records.capacity(word));
        }
    }
}
