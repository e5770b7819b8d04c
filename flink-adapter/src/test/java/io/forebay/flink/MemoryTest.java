package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.flink.memory.ForebayMemory;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All backends of a slot share its memory, and keep to it. */
class MemoryTest {
    private static final KeyGroupRange ALL = new KeyGroupRange(0, 127);

    @TempDir
    private File temporary;

    /** The memory of the slot, which the backends lease already. */
    private static OpaqueMemoryResource<ForebayMemory> lease(BackendHarness slot) throws Exception {
        return ForebayMemory.lease(slot.environment(), null, true, MemorySize.ofMebiBytes(1), 1.0, 1, 16, true);
    }

    @Test
    void severalBackendsStayWithinTheManagedMemoryOfASmallSlot() throws Exception {
        long managed = 12 << 20;
        try (BackendHarness slot = new BackendHarness(managed)) {
            List<ForebayKeyedStateBackend<String>> backends = new ArrayList<>();
            List<ValueState<byte[]>> states = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                ForebayKeyedStateBackend<String> backend =
                        slot.forebay(BackendHarness.options(temporary), StringSerializer.INSTANCE, 128, ALL, List.of());
                backends.add(backend);
                states.add(BackendHarness.state(
                        backend, new ValueStateDescriptor<>("value", BytePrimitiveArraySerializer.INSTANCE)));
            }
            Random random = new Random(11);
            try (OpaqueMemoryResource<ForebayMemory> memory = lease(slot)) {
                ForebayMemory shared = memory.getResourceHandle();
                assertThat(memory.getSize()).isEqualTo(managed);
                long peak = 0;
                byte[] bytes = new byte[500];
                // four times 20 MB, far more than the slot has
                for (int i = 0; i < 160_000; i++) {
                    ForebayKeyedStateBackend<String> backend = backends.get(i % 4);
                    backend.setCurrentKey("key-" + random.nextInt(40_000));
                    if (i % 5 == 0) {
                        states.get(i % 4).value();
                    } else {
                        random.nextBytes(bytes);
                        states.get(i % 4).update(bytes);
                    }
                    if (i % 100 == 0) {
                        peak = Math.max(peak, shared.heldBytes());
                        assertThat(shared.heldBytes()).isLessThanOrEqualTo(managed);
                    }
                    if (i % 40_000 == 39_999) {
                        BackendHarness.snapshot(backend, i, CheckpointType.CHECKPOINT, BackendHarness.memory());
                    }
                }
                assertThat(shared.environment().statistics().memoryPeak()).isLessThanOrEqualTo(managed);
                assertThat(peak).as("memory is used").isGreaterThan(managed / 4);
            }
        }
    }

    @Test
    void aSlotGivesItsMemoryBackWithItsLastBackend() throws Exception {
        try (BackendHarness slot = new BackendHarness(16 << 20)) {
            ForebayKeyedStateBackend<String> first =
                    slot.forebay(BackendHarness.options(temporary), StringSerializer.INSTANCE, 128, ALL, List.of());
            ForebayKeyedStateBackend<String> second =
                    slot.forebay(BackendHarness.options(temporary), StringSerializer.INSTANCE, 128, ALL, List.of());
            slot.dispose(first);
            assertThat(slot.environment().getMemoryManager().verifyEmpty()).isFalse();
            slot.dispose(second);
            assertThat(slot.environment().getMemoryManager().verifyEmpty()).isTrue();
            assertThat(temporary.list()).as("working directories").isEmpty();
        }
    }

    @Test
    void fixedMemoryIsNotTakenFromManagedMemory() throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.FIXED_MEMORY_PER_SLOT, MemorySize.ofMebiBytes(8));
        try (BackendHarness slot = new BackendHarness(1 << 20)) {
            slot.forebay(options, StringSerializer.INSTANCE, 128, ALL, List.of());
            assertThat(slot.environment().getMemoryManager().verifyEmpty()).isTrue();
        }
    }

    @Test
    void aBackendCanHaveMemoryOfItsOwn() throws Exception {
        Configuration options = BackendHarness.options(temporary);
        options.set(ForebayOptions.USE_MANAGED_MEMORY, false);
        options.set(ForebayOptions.MEMORY_PER_BACKEND, MemorySize.ofMebiBytes(4));
        try (BackendHarness slot = new BackendHarness(1 << 20)) {
            slot.forebay(options, StringSerializer.INSTANCE, 128, ALL, List.of());
            assertThat(slot.environment().getMemoryManager().verifyEmpty()).isTrue();
        }
    }

    @Test
    void aFailedBackendGivesItsMemoryBack() throws Exception {
        File file = new File(temporary, "file");
        assertThat(file.createNewFile()).isTrue();
        try (BackendHarness slot = new BackendHarness(8 << 20)) {
            assertThatThrownBy(() -> slot.forebay(
                            BackendHarness.options(new File(file, "below")),
                            StringSerializer.INSTANCE,
                            128,
                            ALL,
                            List.of()))
                    .hasStackTraceContaining("does not exist and cannot be created");
            assertThat(slot.environment().getMemoryManager().verifyEmpty()).isTrue();
        }
    }
}
