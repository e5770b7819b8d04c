package io.forebay.flink.memory;

import io.forebay.store.Environment;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine environment of a task slot with its memory. All backends of a slot share one; Flink counts the leases and
 * closes it with the last.
 */
@Internal
public final class ForebayMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ForebayMemory.class);

    /** What the engine needs at the very least. */
    private static final long MIN_BYTES = 1 << 20;

    private static final String MANAGED = "state-forebay-managed-memory";
    private static final String FIXED = "state-forebay-fixed-slot-memory";

    private final Environment environment;
    private final ManagedSlabAllocator allocator;

    private ForebayMemory(long bytes, int backgroundThreads, int maxOpenFiles) {
        long budget = Math.max(bytes, MIN_BYTES);
        if (budget > bytes) {
            LOG.warn(
                    "Forebay got {} bytes of memory for a task slot, and takes {} because it cannot work with less.",
                    bytes,
                    budget);
        }
        allocator = new ManagedSlabAllocator(budget);
        environment = Environment.builder()
                .memoryBytes(budget)
                .backgroundThreads(backgroundThreads)
                .maxOpenFiles(maxOpenFiles)
                .allocator(allocator)
                .build();
    }

    /**
     * Leases the memory of the slot.
     *
     * @param fixedPerSlot unmanaged bytes per slot, which come before managed memory; null for none
     * @param managed whether to take the managed memory of the slot
     * @param perBackend bytes for this backend alone if neither applies
     * @param managedFraction share of the slot's managed memory that Flink has assigned to state backends
     */
    public static OpaqueMemoryResource<ForebayMemory> lease(
            org.apache.flink.runtime.execution.Environment task,
            @Nullable MemorySize fixedPerSlot,
            boolean managed,
            MemorySize perBackend,
            double managedFraction,
            int backgroundThreads,
            int maxOpenFiles)
            throws IOException {
        try {
            if (fixedPerSlot != null) {
                return task.getMemoryManager()
                        .getExternalSharedMemoryResource(
                                FIXED,
                                bytes -> new ForebayMemory(bytes, backgroundThreads, maxOpenFiles),
                                fixedPerSlot.getBytes());
            }
            if (managed) {
                return task.getMemoryManager()
                        .getSharedMemoryResourceForManagedMemory(
                                MANAGED,
                                bytes -> new ForebayMemory(bytes, backgroundThreads, maxOpenFiles),
                                managedFraction);
            }
            ForebayMemory own = new ForebayMemory(perBackend.getBytes(), backgroundThreads, maxOpenFiles);
            return new OpaqueMemoryResource<>(own, perBackend.getBytes(), own::close);
        } catch (Exception e) {
            throw new IOException("Cannot acquire the memory of the task slot for Forebay", e);
        }
    }

    public Environment environment() {
        return environment;
    }

    /** Bytes taken from the operating system outside the heap. */
    public long heldBytes() {
        return allocator.heldBytes();
    }

    @Override
    public void close() {
        try {
            environment.close();
        } finally {
            allocator.close();
        }
    }
}
