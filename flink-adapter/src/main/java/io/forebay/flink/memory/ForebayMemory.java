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
 * The engine environment of a task slot, with its memory. All backends of a slot share one object. Flink counts the
 * leases, and closes the object with the last one. Thread-safe.
 */
@Internal
public final class ForebayMemory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ForebayMemory.class);

    /** The least budget with which the engine works. */
    private static final long MIN_BYTES = 1 << 20;

    private static final String MANAGED = "state-forebay-managed-memory";
    private static final String FIXED = "state-forebay-fixed-slot-memory";

    private final Environment environment;
    private final ManagedSlabAllocator allocator;

    private ForebayMemory(long bytes, int backgroundThreads, int maxOpenFiles, boolean mapFiles) {
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
                .mapFiles(mapFiles)
                .allocator(allocator)
                .build();
    }

    /**
     * Leases the memory of the slot. The caller closes the lease.
     *
     * @param fixedPerSlot bytes for each slot outside managed memory; overrides {@code managed}; null for none
     * @param managed whether to take the managed memory of the slot
     * @param perBackend bytes for this backend alone, when {@code fixedPerSlot} is null and {@code managed} is false
     * @param managedFraction share of the slot's managed memory that Flink has assigned to state backends
     */
    public static OpaqueMemoryResource<ForebayMemory> lease(
            org.apache.flink.runtime.execution.Environment task,
            @Nullable MemorySize fixedPerSlot,
            boolean managed,
            MemorySize perBackend,
            double managedFraction,
            int backgroundThreads,
            int maxOpenFiles,
            boolean mapFiles)
            throws IOException {
        try {
            if (fixedPerSlot != null) {
                return task.getMemoryManager()
                        .getExternalSharedMemoryResource(
                                FIXED,
                                bytes -> new ForebayMemory(bytes, backgroundThreads, maxOpenFiles, mapFiles),
                                fixedPerSlot.getBytes());
            }
            if (managed) {
                return task.getMemoryManager()
                        .getSharedMemoryResourceForManagedMemory(
                                MANAGED,
                                bytes -> new ForebayMemory(bytes, backgroundThreads, maxOpenFiles, mapFiles),
                                managedFraction);
            }
            ForebayMemory own = new ForebayMemory(perBackend.getBytes(), backgroundThreads, maxOpenFiles, mapFiles);
            return new OpaqueMemoryResource<>(own, perBackend.getBytes(), own::close);
        } catch (Exception e) {
            throw new IOException("Cannot acquire the memory of the task slot for Forebay", e);
        }
    }

    public Environment environment() {
        return environment;
    }

    /** Bytes that are allocated outside the heap. */
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
