package io.forebay.flink.ttl;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.flink.key.KeyLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.ttl.TtlStateFactory.TtlSerializer;
import org.junit.jupiter.api.Test;

class ExpiredStateFilterTest {
    private static final int STATE = 0x12345678;
    private static final StateTtlConfig HUNDRED =
            StateTtlConfig.newBuilder(Duration.ofMillis(100)).build();

    private long now = 1000;
    private final ExpiredStateFilter filter = new ExpiredStateFilter(() -> now);

    private void configure(StateDescriptor<?, ?> descriptor, TypeSerializer<?> serializer, StateTtlConfig ttl) {
        descriptor.enableTimeToLive(ttl);
        filter.configure(STATE, descriptor, serializer);
    }

    private boolean drops(int stateId, byte[] value) {
        byte[] key = Arrays.copyOf(KeyLayout.prefix(3, stateId), 20);
        // what lies behind the lengths is not to be looked at
        boolean drops = filter.drop(key, 12, Arrays.copyOf(value, value.length + 9), value.length);
        assertThat(drops && !filter.mayDrop(key, 12)).isFalse();
        return drops;
    }

    private boolean mayDrop(int stateId) {
        return filter.mayDrop(Arrays.copyOf(KeyLayout.prefix(3, stateId), 20), 12);
    }

    private static byte[] value(long time) {
        return ByteBuffer.allocate(12).putLong(time).putInt(-1).array();
    }

    private static byte[] mapEntry(boolean isNull, long time) {
        return ByteBuffer.allocate(13)
                .put((byte) (isNull ? 1 : 0))
                .putLong(time)
                .putInt(-1)
                .array();
    }

    /** Elements of 12 bytes each. */
    private static byte[] list(long... times) {
        ByteBuffer bytes = ByteBuffer.allocate(times.length * 13 - 1);
        for (int i = 0; i < times.length; i++) {
            if (i > 0) {
                bytes.put((byte) ',');
            }
            bytes.putLong(times[i]).putInt(-1);
        }
        return bytes.array();
    }

    @Test
    void valuesGoWhenTheirTimeIsOver() {
        configure(new ValueStateDescriptor<>("s", IntSerializer.INSTANCE), IntSerializer.INSTANCE, HUNDRED);
        assertThat(drops(STATE, value(899))).isTrue();
        assertThat(drops(STATE, value(900))).isTrue();
        assertThat(drops(STATE, value(901))).isFalse();
        assertThat(drops(STATE, value(2000))).isFalse();
        now = 5000;
        assertThat(drops(STATE, value(2000))).isTrue();
    }

    @Test
    void timesNearTheEndOfTimeNeverPass() {
        configure(new ValueStateDescriptor<>("s", IntSerializer.INSTANCE), IntSerializer.INSTANCE, HUNDRED);
        now = Long.MAX_VALUE - 1;
        assertThat(drops(STATE, value(Long.MAX_VALUE - 10))).isFalse();
        assertThat(drops(STATE, value(Long.MIN_VALUE))).isTrue();
    }

    @Test
    void onlyStatesWithATimeToLiveAreTouched() {
        assertThat(drops(STATE, value(0))).isFalse();
        configure(new ValueStateDescriptor<>("s", IntSerializer.INSTANCE), IntSerializer.INSTANCE, HUNDRED);
        assertThat(drops(STATE, value(0))).isTrue();
        assertThat(drops(STATE + 1, value(0))).isFalse();
        assertThat(mayDrop(STATE)).isTrue();
        assertThat(mayDrop(STATE + 1)).isFalse();
        assertThat(filter.drop(new byte[4], 4, value(0), 12)).isFalse();
        assertThat(filter.mayDrop(new byte[4], 4)).isFalse();
        filter.configure(STATE, new ValueStateDescriptor<>("s", IntSerializer.INSTANCE), IntSerializer.INSTANCE);
        assertThat(drops(STATE, value(0))).isFalse();
    }

    @Test
    void cleaningUpCanBeSwitchedOff() {
        configure(
                new ValueStateDescriptor<>("s", IntSerializer.INSTANCE),
                IntSerializer.INSTANCE,
                StateTtlConfig.newBuilder(Duration.ofMillis(100))
                        .disableCleanupInBackground()
                        .build());
        assertThat(drops(STATE, value(0))).isFalse();
    }

    @Test
    void mapEntriesHaveTheirTimeBehindTheNullFlag() {
        configure(
                new MapStateDescriptor<>("s", IntSerializer.INSTANCE, IntSerializer.INSTANCE),
                new MapSerializer<>(IntSerializer.INSTANCE, IntSerializer.INSTANCE),
                HUNDRED);
        assertThat(drops(STATE, mapEntry(false, 900))).isTrue();
        assertThat(drops(STATE, mapEntry(false, 901))).isFalse();
        assertThat(drops(STATE, mapEntry(true, 0))).isFalse();
        assertThat(drops(STATE, new byte[] {1})).isFalse();
        assertThat(drops(STATE, new byte[0])).isFalse();
    }

    @Test
    void listsOfFixedElementsGoWhenAllElementsAreOver() {
        TypeSerializer<?> element = new TtlSerializer<>(LongSerializer.INSTANCE, IntSerializer.INSTANCE);
        assertThat(element.getLength()).isEqualTo(12);
        configure(new ListStateDescriptor<>("s", IntSerializer.INSTANCE), new ListSerializer<>(element), HUNDRED);
        assertThat(drops(STATE, list(800, 900))).isTrue();
        assertThat(drops(STATE, list(800, 901))).isFalse();
        assertThat(drops(STATE, list(900))).isTrue();
        // an old version from before the elements had a time
        assertThat(drops(STATE, new byte[14])).isFalse();
        assertThat(drops(STATE, new byte[0])).isFalse();
    }

    /** As after a failover to a machine whose clock is behind. */
    @Test
    void anElementThatLivesKeepsTheListWhereverItIs() {
        TypeSerializer<?> element = new TtlSerializer<>(LongSerializer.INSTANCE, IntSerializer.INSTANCE);
        configure(new ListStateDescriptor<>("s", IntSerializer.INSTANCE), new ListSerializer<>(element), HUNDRED);
        assertThat(drops(STATE, list(901, 800))).isFalse();
        assertThat(drops(STATE, list(800, 901, 700))).isFalse();
        assertThat(drops(STATE, list(900, 800, 700))).isTrue();
        now = 1001;
        assertThat(drops(STATE, list(800, 901, 700))).isTrue();
    }

    @Test
    void listsOfOtherElementsAreLeftToReads() {
        configure(
                new ListStateDescriptor<>("s", StringSerializer.INSTANCE),
                new ListSerializer<>(new TtlSerializer<>(LongSerializer.INSTANCE, StringSerializer.INSTANCE)),
                HUNDRED);
        assertThat(drops(STATE, list(0))).isFalse();
    }

    @Test
    void valuesTooShortForATimeAreKept() {
        configure(new ValueStateDescriptor<>("s", IntSerializer.INSTANCE), IntSerializer.INSTANCE, HUNDRED);
        assertThat(drops(STATE, new byte[7])).isFalse();
        assertThat(drops(STATE, new byte[0])).isFalse();
    }

    private void configure(int stateId, StateTtlConfig ttl) {
        ValueStateDescriptor<Integer> descriptor = new ValueStateDescriptor<>("s" + stateId, IntSerializer.INSTANCE);
        if (ttl != null) {
            descriptor.enableTimeToLive(ttl);
        }
        filter.configure(stateId, descriptor, IntSerializer.INSTANCE);
    }

    private static StateTtlConfig withPeriod(Duration period) {
        return StateTtlConfig.newBuilder(Duration.ofMillis(100))
                .cleanupInRocksdbCompactFilter(1000, period)
                .build();
    }

    @Test
    void thePeriodIsTheShortestThatAStateAsksFor() {
        assertThat(filter.periodicCompaction()).isZero();
        configure(1, null);
        assertThat(filter.periodicCompaction()).isZero();
        configure(2, withPeriod(Duration.ZERO));
        assertThat(filter.periodicCompaction()).isZero();
        configure(3, HUNDRED);
        assertThat(filter.periodicCompaction()).isEqualTo(Duration.ofDays(30));
        configure(4, withPeriod(Duration.ofDays(7)));
        configure(5, withPeriod(Duration.ofHours(1)));
        configure(6, withPeriod(Duration.ofDays(2)));
        assertThat(filter.periodicCompaction()).isEqualTo(Duration.ofHours(1));
        configure(5, null);
        assertThat(filter.periodicCompaction()).isEqualTo(Duration.ofDays(2));
    }

    @Test
    void lessThanASecondIsNoPeriod() {
        configure(1, withPeriod(Duration.ofMillis(999)));
        configure(2, withPeriod(Duration.ofDays(-1)));
        assertThat(filter.periodicCompaction()).isZero();
        configure(1, withPeriod(Duration.ofMillis(1999)));
        assertThat(filter.periodicCompaction()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void aStateWhoseRowsAreNotDroppedHasNoPeriod() {
        configure(
                new ListStateDescriptor<>("s", StringSerializer.INSTANCE),
                new ListSerializer<>(StringSerializer.INSTANCE),
                withPeriod(Duration.ofDays(1)));
        assertThat(filter.periodicCompaction()).isZero();
        configure(
                1,
                StateTtlConfig.newBuilder(Duration.ofMillis(100))
                        .disableCleanupInBackground()
                        .build());
        assertThat(filter.periodicCompaction()).isZero();
    }
}
