package io.forebay.store;

import io.forebay.store.db.Engine;
import io.forebay.store.db.EngineLimits;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * What the stores that are opened with it share: one hard memory budget over memtables, block cache and file metadata,
 * background threads, and a clock. Hundreds of stores may be open at once. Thread-safe.
 */
public final class Environment implements AutoCloseable {
    /** Unit in which memory is taken from the {@link SlabAllocator}. */
    public static final int SLAB_BYTES = 64 << 10;

    private final Engine engine;

    private Environment(Builder builder) {
        engine = new Engine(builder, builder.limits);
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens the store in {@code files}, or creates it when there is nothing at all (names that begin with a dot, and
     * directories, do not count). The state is that of its last durable commit;
     * a write-ahead log that is found is replayed on top, see {@link Durability}. Close the store before the environment.
     *
     * <p>What is found is durable on return, in a new manifest. Where none can be written, for want of space or because the key service
     * wraps no key, a store without a log opens read-only: {@link StoreStatistics#readOnlyCause} says why, {@link
     * Store#durablePayload} throws, and it is tried again as after any failure of background work, see {@link Store}. A store with
     * a log is not opened then.
     *
     * @throws StoreLockedException when the directory is in use
     * @throws CorruptionException when the manifest or a write-ahead log is damaged
     * @throws StoreIoException when a file cannot be read or written, or the key service cannot be reached
     * @throws StoreException when the library of the wanted compression is missing
     * @throws EncryptionException when it is encrypted and a key is missing, or plain and {@link StoreOptions#encryptedOnly()}
     * @throws FormatTooNewException when a newer Forebay wrote it
     * @throws IllegalArgumentException when the merge function has another name than the one the store was written with; or
     *     when the directory holds a backup, or files of something else and no store: nothing there was touched
     */
    public Store open(FileStore files, StoreOptions options) {
        return engine.open(Objects.requireNonNull(files, "files"), Objects.requireNonNull(options, "options"));
    }

    /**
     * Creates a store in {@code files} from checkpoints, each clipped to its key range; no row is read or written. The
     * files of a source are linked (or copied) unless the source is {@code files} itself. The result is durable on
     * return, the bytes of files that somebody downloaded or copied there included. No argument may be null. One that a
     * crash cuts off may be repeated in the same place; if it says then that there is a store, all was done but for the
     * return, and {@link #open} opens it.
     *
     * @param files an empty place, or one that holds nothing but downloaded files of the sources
     * @param sources checkpoints whose clips do not overlap
     * @param payload becomes the durable payload of the new store; may be empty; copied
     * @throws IllegalArgumentException when clips overlap, or a source was written with another merge function; or when the
     *     directory holds files of something else, SSTs that are none of the sources included: nothing there was touched
     * @throws IllegalStateException when there is a store in {@code files}
     * @throws StoreLockedException when the directory is in use
     * @throws CorruptionException when the metadata of a source is damaged, or a file has another length than it says
     * @throws FormatTooNewException when a newer Forebay wrote a source
     * @throws StoreIoException when a file cannot be read or written, or the key service cannot be reached
     * @throws StoreException when the library of the wanted compression is missing
     * @throws EncryptionException when a source is encrypted and a key is missing, or plain and {@link
     *     StoreOptions#encryptedOnly()}
     */
    public Store restore(FileStore files, StoreOptions options, List<RestoreSource> sources, byte[] payload) {
        return engine.restore(files, options, List.copyOf(sources), payload);
    }

    /**
     * What the metadata of a checkpoint says, without a restore: its files, and the payload.
     *
     * @param checkpointMetadata {@link Checkpoint#metadata()}, or the content of the file {@code CHECKPOINT}; not null
     * @throws CorruptionException when the bytes are damaged, or no metadata at all
     * @throws FormatTooNewException when a newer Forebay wrote them
     * @throws EncryptionException when the metadata is encrypted
     */
    public static CheckpointDescription describe(byte[] checkpointMetadata) {
        return describe(checkpointMetadata, null);
    }

    /**
     * As {@link #describe(byte[])}, of an encrypted store, or of one that may be; with the same errors.
     *
     * @param keys as in {@link StoreOptions#encryption()}; null for none
     * @throws EncryptionException when the metadata is encrypted with a key that {@code keys} does not have
     * @throws StoreIoException when the key service cannot be reached
     */
    public static CheckpointDescription describe(byte[] checkpointMetadata, KeyProvider keys) {
        return Engine.describe(checkpointMetadata, keys);
    }

    /**
     * As {@link Store#verify()}, of a store that is not open. It is locked meanwhile; no file of it is changed or deleted, not
     * even what an open would clean up. A directory that {@link Checkpoint#writeTo} made is verified as such: its metadata,
     * and every file that they name; it is not locked.
     *
     * @param keys as in {@link StoreOptions#encryption()}; null when the store is not encrypted
     * @throws IllegalArgumentException when there is neither a store nor a backup in {@code files}; says what there is
     * @throws StoreLockedException when it is open somewhere
     * @throws FormatTooNewException when a newer Forebay wrote its manifest or metadata
     * @throws EncryptionException when these are encrypted with a key that {@code keys} does not have
     */
    public VerificationReport verify(FileStore files, KeyProvider keys) {
        return engine.verify(Objects.requireNonNull(files, "files"), keys);
    }

    public EnvironmentStatistics statistics() {
        return engine.statistics();
    }

    /**
     * Closes the stores that are still open, stops the background threads and gives back all memory. Idempotent. Each store is
     * closed whatever the close of another one throws; the first failure is thrown at the end, later ones suppressed by it.
     */
    @Override
    public void close() {
        engine.close();
    }

    /** Builds an environment; values out of range are refused with {@link IllegalArgumentException}. */
    public static final class Builder {
        private long memoryBytes = 256L << 20;
        private int backgroundThreads = 2;
        private int maxOpenFiles = 1000;
        private Clock clock;
        private BackgroundExecutor executor;
        private SlabAllocator allocator;
        private LongSupplier random;
        private boolean leakTracking;
        private EngineLimits limits = EngineLimits.DEFAULT;

        private Builder() {}

        /**
         * The hard memory budget in bytes, at least 1 MiB; default 256 MiB. Without an {@link #allocator} it is direct memory,
         * which the JVM limits to {@code -XX:MaxDirectMemorySize}, or to the size of the heap where that is not set, for all of
         * its users together: see {@link #build}.
         */
        public Builder memoryBytes(long value) {
            if (value < 1 << 20) {
                throw new IllegalArgumentException("memoryBytes is " + value + ", must be at least 1048576 (1 MiB)");
            }
            memoryBytes = value;
            return this;
        }

        /** Threads for flushes and compactions, 1 to 64; default 2. Unused when an executor is given. */
        public Builder backgroundThreads(int value) {
            if (value < 1 || value > 64) {
                throw new IllegalArgumentException("backgroundThreads is " + value + ", must be 1 to 64");
            }
            backgroundThreads = value;
            return this;
        }

        /**
         * How many SSTs of all stores together stay open for reading, 16 to 1,000,000; default 1000. A file is opened when a
         * block of it is read, and the one that was not read for longest is closed for it. While more threads than this read
         * different files, each of them has one open. Beside them an open store has three handles, of its lock and its manifest,
         * and two more of a write-ahead log; each flush, compaction, ingest, verification and copy of a checkpoint has those of
         * the file that it writes or copies.
         */
        public Builder maxOpenFiles(int value) {
            if (value < 16 || value > 1_000_000) {
                throw new IllegalArgumentException("maxOpenFiles is " + value + ", must be 16 to 1000000");
            }
            maxOpenFiles = value;
            return this;
        }

        /** Default: the system's clock. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        /** Default: daemon threads of this environment. The environment closes it. */
        public Builder executor(BackgroundExecutor value) {
            executor = Objects.requireNonNull(value, "executor");
            return this;
        }

        /** Default: direct buffers, taken as needed up to the budget. */
        public Builder allocator(SlabAllocator value) {
            allocator = Objects.requireNonNull(value, "allocator");
            return this;
        }

        /** Source of the 128-bit file ids; default a secure one. Give a seeded one only in tests. */
        public Builder random(LongSupplier value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /**
         * Whether the place where an iterator, snapshot, checkpoint or ingest is opened is remembered, so that one that is not
         * closed before its store can be reported with it, as a warning in the log when the store is closed. Costs a stack
         * trace each time; default false, which reports their number, and thread and age of the oldest.
         */
        public Builder leakTracking(boolean value) {
            leakTracking = value;
            return this;
        }

        /** For tests. */
        Builder limits(EngineLimits value) {
            limits = value;
            return this;
        }

        public boolean leakTracking() {
            return leakTracking;
        }

        public long memoryBytes() {
            return memoryBytes;
        }

        public int backgroundThreads() {
            return backgroundThreads;
        }

        public int maxOpenFiles() {
            return maxOpenFiles;
        }

        /** Null for the default. */
        public Clock clock() {
            return clock;
        }

        /** Null for the default. */
        public BackgroundExecutor executor() {
            return executor;
        }

        /** Null for the default. */
        public SlabAllocator allocator() {
            return allocator;
        }

        /** Null for the default. */
        public LongSupplier random() {
            return random;
        }

        /**
         * @throws MemoryBudgetException when the JVM gives less direct memory than the budget, and there is no {@link
         *     #allocator}; when it gives hardly more, there is a warning in the log
         */
        public Environment build() {
            return new Environment(this);
        }
    }
}
