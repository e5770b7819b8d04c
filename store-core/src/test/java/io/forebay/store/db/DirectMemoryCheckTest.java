package io.forebay.store.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.util.DirectMemory;
import org.junit.jupiter.api.Test;

class DirectMemoryCheckTest {
    private static final long MIB = 1 << 20;

    @Test
    void aBudgetThatTheJvmNeverGivesIsRefusedWithNumbersAndFlag() {
        assertThatThrownBy(() -> DirectMemoryCheck.check(256 * MIB, new DirectMemory.State(200 * MIB, true, 0)))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("268435456")
                .hasMessageContaining("209715200")
                .hasMessageContaining("size of the heap")
                .hasMessageContaining("-XX:MaxDirectMemorySize=342m");
        assertThatThrownBy(() -> DirectMemoryCheck.check(256 * MIB, new DirectMemory.State(256 * MIB - 1, false, 0)))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageNotContaining("heap");
        assertThatThrownBy(() -> DirectMemoryCheck.check(Long.MAX_VALUE, new DirectMemory.State(MIB, false, 0)))
                .isInstanceOf(MemoryBudgetException.class)
                .hasMessageContaining("-XX:MaxDirectMemorySize=11728124029610m");
    }

    @Test
    void oneThatLeavesLittleToOthersIsWarnedOf() {
        assertThat(DirectMemoryCheck.check(256 * MIB, new DirectMemory.State(256 * MIB, true, 0)))
                .contains("268435456", "-XX:MaxDirectMemorySize=");
        assertThat(DirectMemoryCheck.check(256 * MIB, new DirectMemory.State(512 * MIB, false, 200 * MIB)))
                .contains("268435456", "536870912", "209715200", "-XX:MaxDirectMemorySize=609m");
    }

    @Test
    void enoughAndUnknownAreFine() {
        assertThat(DirectMemoryCheck.check(256 * MIB, new DirectMemory.State(512 * MIB, false, MIB)))
                .isNull();
        assertThatCode(() -> assertThat(DirectMemoryCheck.check(Long.MAX_VALUE, null))
                        .isNull())
                .doesNotThrowAnyException();
    }

    /** On the JVMs that the project is tested with. */
    @Test
    void thisJvmSaysItsLimit() {
        DirectMemory.State now = DirectMemory.now();
        assertThat(now).isNotNull();
        assertThat(now.limit()).isGreaterThanOrEqualTo(MIB);
        assertThat(now.used()).isBetween(0L, now.limit());
    }
}
