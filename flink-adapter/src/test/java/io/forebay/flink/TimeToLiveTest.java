package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.internal.InternalReducingState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expired rows leave the store without being read. */
class TimeToLiveTest {
    @TempDir
    private File temporary;

    @Test
    void compactionDropsWhatHasExpired() throws Exception {
        AtomicLong now = new AtomicLong(1_000_000);
        StateTtlConfig ttl = StateTtlConfig.newBuilder(Duration.ofSeconds(60)).build();
        ValueStateDescriptor<Integer> valueDescriptor = new ValueStateDescriptor<>("value", IntSerializer.INSTANCE);
        ListStateDescriptor<Integer> listDescriptor = new ListStateDescriptor<>("list", IntSerializer.INSTANCE);
        MapStateDescriptor<Integer, String> mapDescriptor =
                new MapStateDescriptor<>("map", IntSerializer.INSTANCE, StringSerializer.INSTANCE);
        valueDescriptor.enableTimeToLive(ttl);
        listDescriptor.enableTimeToLive(ttl);
        mapDescriptor.enableTimeToLive(ttl);
        try (BackendHarness slot = new BackendHarness()) {
            slot.setTimeProvider(now::get);
            ForebayKeyedStateBackend<Integer> backend = slot.forebay(
                    BackendHarness.options(temporary),
                    IntSerializer.INSTANCE,
                    128,
                    new KeyGroupRange(0, 127),
                    List.of());
            ValueState<Integer> value = BackendHarness.state(backend, valueDescriptor);
            ListState<Integer> list = BackendHarness.state(backend, listDescriptor);
            MapState<Integer, String> map = BackendHarness.state(backend, mapDescriptor);
            ValueState<Integer> forever =
                    BackendHarness.state(backend, new ValueStateDescriptor<>("forever", IntSerializer.INSTANCE));
            for (int key = 0; key < 100; key++) {
                if (key == 50) {
                    now.addAndGet(40_000);
                }
                backend.setCurrentKey(key);
                value.update(key);
                list.addAll(List.of(key, key));
                map.put(1, "one");
                forever.update(key);
            }
            backend.store().compact();
            assertThat(backend.numKeyValueStateEntries()).isEqualTo(400);
            now.addAndGet(30_000);
            backend.store().compact();
            assertThat(backend.numKeyValueStateEntries()).isEqualTo(100 + 50 * 3);
            for (int key = 0; key < 100; key++) {
                backend.setCurrentKey(key);
                assertThat(value.value()).isEqualTo(key < 50 ? null : key);
                assertThat(list.get()).hasSize(key < 50 ? 0 : 2);
                assertThat(map.get(1)).isEqualTo(key < 50 ? null : "one");
                assertThat(forever.value()).isEqualTo(key);
            }
        }
    }

    @Test
    void rowsThatNobodyWritesAreLookedAtAgainWhenTheirFileIsOld() throws Exception {
        CountDownLatch askedAgain = new CountDownLatch(1);
        AtomicBoolean inFiles = new AtomicBoolean();
        ValueStateDescriptor<Integer> descriptor = new ValueStateDescriptor<>("value", IntSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofSeconds(60))
                .cleanupInRocksdbCompactFilter(1000, Duration.ofSeconds(1))
                .build());
        try (BackendHarness slot = new BackendHarness()) {
            slot.setTimeProvider(() -> {
                if (inFiles.get()) {
                    askedAgain.countDown();
                }
                return 1000;
            });
            ForebayKeyedStateBackend<Integer> backend = slot.forebay(
                    BackendHarness.options(temporary),
                    IntSerializer.INSTANCE,
                    128,
                    new KeyGroupRange(0, 127),
                    List.of());
            ValueState<Integer> value = BackendHarness.state(backend, descriptor);
            for (int key = 0; key < 100; key++) {
                backend.setCurrentKey(key);
                value.update(key);
            }
            backend.store().compact();
            inFiles.set(true);
            assertThat(askedAgain.await(5, TimeUnit.MINUTES)).isTrue();
        }
    }

    @Test
    void namespacesThatAreOverMergeToNothing() throws Exception {
        AtomicLong now = new AtomicLong(1000);
        ReducingStateDescriptor<Integer> descriptor =
                new ReducingStateDescriptor<>("sum", Integer::sum, IntSerializer.INSTANCE);
        descriptor.enableTimeToLive(
                StateTtlConfig.newBuilder(Duration.ofMillis(10)).build());
        try (BackendHarness slot = new BackendHarness()) {
            slot.setTimeProvider(now::get);
            ForebayKeyedStateBackend<Integer> backend = slot.forebay(
                    BackendHarness.options(temporary),
                    IntSerializer.INSTANCE,
                    128,
                    new KeyGroupRange(0, 127),
                    List.of());
            InternalReducingState<Integer, Integer, Integer> sum = (InternalReducingState<Integer, Integer, Integer>)
                    (Object) backend.getOrCreateKeyedState(IntSerializer.INSTANCE, descriptor);
            backend.setCurrentKey(1);
            for (int namespace = 1; namespace <= 3; namespace++) {
                sum.setCurrentNamespace(namespace);
                sum.add(namespace);
            }
            now.addAndGet(100);
            sum.mergeNamespaces(1, List.of(2));
            sum.setCurrentNamespace(1);
            assertThat(sum.get()).isNull();
            sum.add(7);
            assertThat(sum.get()).isEqualTo(7);
        }
    }
}
