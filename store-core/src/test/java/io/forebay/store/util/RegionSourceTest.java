package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.MemoryBudgetException;
import io.forebay.store.SlabAllocator;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A JVM that has less direct memory than the budget. */
class RegionSourceTest {
    private static final int SLAB = SlabAllocator.SLAB_BYTES;
    private static final int MIB = 1 << 20;
    private static final int REGION = 4 * MIB;

    private long free;
    private boolean tells = true;
    private int asked;

    private final RegionSource source = new RegionSource(64 * MIB, new RegionSource.Jvm() {
        @Override
        public ByteBuffer allocate(int bytes) {
            asked++;
            if (bytes > free) {
                throw new OutOfMemoryError("Cannot reserve " + bytes);
            }
            free -= bytes;
            return ByteBuffer.allocateDirect(bytes);
        }

        @Override
        public long freeBytes() {
            return tells ? free : 0;
        }
    });

    private int regions() {
        int regions = 0;
        for (int i = 0; i < 10; i++) {
            try {
                assertThat(source.take(SLAB).bytes()).isEqualTo(REGION);
                regions++;
            } catch (MemoryBudgetException e) {
                assertThat(e).hasMessageContaining("The JVM refuses").hasCauseInstanceOf(OutOfMemoryError.class);
            }
        }
        return regions;
    }

    @Test
    void aBudgetThatHasNothingGetsLessThanARegion() {
        free = 3 * MIB;
        DirectRegion region = source.take(SLAB);
        assertThat(region.bytes()).isEqualTo(3 * MIB - SLAB);
        assertThat(source.takenBytes()).isEqualTo(3 * MIB - free);
        assertThat(free).isLessThan(SLAB);
        assertThatThrownBy(() -> source.take(SLAB)).isInstanceOf(MemoryBudgetException.class);
    }

    @Test
    void whatIsTooShortForTheRequestIsLeft() {
        free = 3 * MIB;
        assertThatThrownBy(() -> source.take(3 * MIB)).isInstanceOf(MemoryBudgetException.class);
        assertThat(free).isEqualTo(3 * MIB);
    }

    @Test
    void lessThanARegionBesideOneIsLeftToOthers() {
        free = REGION + 3 * MIB;
        assertThat(regions()).isEqualTo(1);
        assertThat(free).isGreaterThan(2 * MIB);
    }

    /** Each refusal costs a garbage collection and half a second. */
    @Test
    void aJvmThatRefusesIsAskedMoreAndMoreRarely() {
        for (int i = 0; i < 10; i++) {
            assertThat(regions()).isZero();
        }
        assertThat(asked).isEqualTo(7);
    }

    @Test
    void aJvmThatHasMemoryAgainIsAskedAtOnce() {
        for (int i = 0; i < 100; i++) {
            assertThat(regions()).isZero();
        }
        free = 10 * MIB;
        assertThat(source.take(SLAB).bytes()).isEqualTo(REGION);
        assertThat(source.take(SLAB).bytes()).isEqualTo(REGION);
    }

    @Test
    void aJvmThatDoesNotTellIsAskedAgainWhenItsTurnComes() {
        tells = false;
        assertThat(regions()).isZero(); // the eleventh request is the next that is put to it
        free = 10 * MIB;
        assertThat(regions()).isEqualTo(2);
    }
}
