package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.BlockSlots;
import io.forebay.store.cache.FillingSlots;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.sst.CacheAdmission.Place;
import io.forebay.store.testing.HeapSlabs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InputHeatTest {
    private static final int USED = 0;
    private static final int CACHED = 1;
    private static final int OUTSIDE = 2;

    private final BlockCache cache = new BlockCache(new SlabPool(new HeapSlabs(), 8 << 20));
    private final BlockSlots slots = slots();

    private BlockSlots slots() {
        FillingSlots filling = cache.fillingSlots();
        filling.grow(3);
        assertThat(filling.put(USED, new byte[100], 0, 100, 100, true)).isTrue();
        assertThat(filling.put(CACHED, new byte[100], 0, 100, 100, false)).isTrue();
        return filling.finish(3);
    }

    @AfterEach
    void close() {
        slots.evictAll();
        cache.close();
    }

    @Test
    void asMuchEntersAsWasThere() {
        InputHeat heat = new InputHeat(1);
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
        heat.readData(slots, OUTSIDE, 1000);
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
        heat.readData(slots, CACHED, 1000);
        assertThat(heat.data(1001)).isEqualTo(Place.NONE);
        assertThat(heat.data(600)).isEqualTo(Place.FREE);
        assertThat(heat.data(401)).isEqualTo(Place.NONE);
        assertThat(heat.data(400)).isEqualTo(Place.FREE);
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
    }

    @Test
    void onlyWhatWasUsedTakesTheRoomOfOthers() {
        InputHeat heat = new InputHeat(2);
        heat.readData(slots, USED, 1000);
        heat.readData(slots, CACHED, 1000);
        assertThat(heat.data(700)).isEqualTo(Place.UNUSED);
        assertThat(heat.data(700)).isEqualTo(Place.FREE);
        assertThat(heat.data(601)).isEqualTo(Place.NONE);
        assertThat(heat.data(600)).isEqualTo(Place.FREE);
    }

    @Test
    void heatStaysWhereItIs() {
        InputHeat heat = new InputHeat(3);
        for (int i = 0; i < 100; i++) {
            heat.readData(slots, USED, 1000);
        }
        for (int i = 0; i < 4; i++) {
            assertThat(heat.data(1000)).isEqualTo(Place.UNUSED);
        }
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
        for (int i = 0; i < 100; i++) {
            heat.readData(slots, CACHED, 1000);
        }
        heat.readData(slots, USED, 1000);
        assertThat(heat.data(1000)).isEqualTo(Place.UNUSED);
        assertThat(heat.data(3000)).isEqualTo(Place.FREE);
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
    }

    @Test
    void aFileWithoutSlotsIsCold() {
        InputHeat heat = new InputHeat(1);
        heat.readData(null, USED, 1000);
        assertThat(heat.data(1)).isEqualTo(Place.NONE);
        assertThat(heat.tail(1)).isEqualTo(Place.NONE);
    }
}
