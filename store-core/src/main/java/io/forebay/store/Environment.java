package io.forebay.store;

import io.forebay.store.db.Engine;
import io.forebay.store.db.EngineOptions;
import io.forebay.store.db.state.EngineLimits;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * What the stores share that are opened with it: one hard memory budget over memtables, block cache and file metadata,
 * background threads, and a clock. Hundreds of stores may be open at once. The caller closes the environment, after its
 * stores. Thread-safe.
 */
public final class Environment implements AutoCloseable {
    private final Engine engine;

    private Environment(Engine engine) {
        this.engine = engine;
    }

    /** A builder with the defaults that its methods name. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens the store in {@code files}, or creates it when the directory is empty (names that begin with a dot, and
     * directories, do not count). The state is that of the last durable commit, plus what a write-ahead log holds, if
     * there is one: the log is replayed, see {@link Durability}. Close the store before the environment.
     *
     * <p>The state found is durable on return, in a new manifest. When that manifest cannot be written, because there
     * is no space or because the key service wraps no key, a store without a log opens read-only: {@link
     * StoreStatistics#readOnlyCause} gives the cause, {@link Store#durablePayload} throws, and the store tries again,
     * as after any failure of background work (see {@link Store}). A store with a log does not open in that case.
     *
     * @throws StoreLockedException when the directory is in use
     * @throws CorruptionException when the manifest or a write-ahead log is damaged
     * @throws StoreIoException when a file cannot be read or written, or the key service cannot be reached
     * @throws StoreException when the library of the wanted compression is missing
     * @throws EncryptionException when the store is encrypted and a key is missing, or when it is plain and {@link
     *     StoreOptions#encryptedOnly()} is set
     * @throws FormatTooNewException when a newer version of Forebay wrote the store
     * @throws FormatTooOldException when a build before the first release wrote the store
     * @throws IllegalArgumentException when the merge function has another name than the one the store was written
     *     with; or when the directory holds a backup, or holds files of something else and no store (nothing in it was
     *     changed)
     */
    public Store open(FileStore files, StoreOptions options) {
        return engine.open(Objects.requireNonNull(files, "files"), Objects.requireNonNull(options, "options"));
    }

    /**
     * Creates a store in {@code files} from checkpoints, each clipped to its key range; no row is read or written. The
     * files of a source are linked (or copied) unless the source is {@code files} itself. The result is durable on
     * return, and so are the bytes of files that the caller downloaded or copied there. No argument may be null.
     *
     * <p>A restore that a crash cut off may be repeated in the same place. When the repeated restore says that there is
     * a store, the first one had done everything: {@link #open} opens that store.
     *
     * @param files an empty place, or one that holds only files of the sources, for example downloaded ones
     * @param sources checkpoints whose clips do not overlap
     * @param payload becomes the durable payload of the new store; may be empty; copied
     * @throws IllegalArgumentException when clips overlap, or when a source was written with another merge function; or
     *     when the directory holds files of something else, SSTs that belong to none of the sources included (nothing
     *     in it was changed)
     * @throws IllegalStateException when there is a store in {@code files}
     * @throws StoreLockedException when the directory is in use
     * @throws CorruptionException when the metadata of a source is damaged, or a file has another length than the
     *     metadata says
     * @throws FormatTooNewException when a newer version of Forebay wrote a source
     * @throws FormatTooOldException when a build before the first release wrote a source
     * @throws StoreIoException when a file cannot be read or written, or the key service cannot be reached
     * @throws StoreException when the library of the wanted compression is missing
     * @throws EncryptionException when a source is encrypted and a key is missing, or when it is plain and {@link
     *     StoreOptions#encryptedOnly()} is set
     */
    public Store restore(FileStore files, StoreOptions options, List<RestoreSource> sources, byte[] payload) {
        return engine.restore(files, options, List.copyOf(sources), payload);
    }

    /**
     * What the metadata of a checkpoint says, without a restore: its files and its payload.
     *
     * @param checkpointMetadata {@link Checkpoint#metadata()}, or the content of the file {@code CHECKPOINT}; not null
     * @throws CorruptionException when the bytes are damaged, or are no metadata at all
     * @throws FormatTooNewException when a newer version of Forebay wrote them
     * @throws FormatTooOldException when a build before the first release wrote them
     * @throws EncryptionException when the metadata is encrypted
     */
    public static CheckpointDescription describe(byte[] checkpointMetadata) {
        return describe(checkpointMetadata, null);
    }

    /**
     * As {@link #describe(byte[])}, with the same errors, of metadata that is or may be encrypted.
     *
     * @param keys as in {@link StoreOptions#encryption()}; null for none
     * @throws EncryptionException when the metadata is encrypted with a key that {@code keys} does not have
     * @throws StoreIoException when the key service cannot be reached
     */
    public static CheckpointDescription describe(byte[] checkpointMetadata, KeyProvider keys) {
        return Engine.describe(checkpointMetadata, keys);
    }

    /**
     * As {@link Store#verify()}, for a store that is not open. The directory is locked meanwhile. No file in it is
     * changed or deleted, not even those that an open would remove. A directory that {@link Checkpoint#writeTo} made is
     * verified as a backup: its metadata and every file that the metadata names. A backup is not locked.
     *
     * @param keys as in {@link StoreOptions#encryption()}; null when the store is not encrypted
     * @throws IllegalArgumentException when {@code files} holds neither a store nor a backup; the message says what it
     *     holds
     * @throws StoreLockedException when the store is open in this process or another one
     * @throws FormatTooNewException when a newer version of Forebay wrote the manifest or the metadata
     * @throws FormatTooOldException when a build before the first release wrote the manifest or the metadata
     * @throws EncryptionException when these are encrypted with a key that {@code keys} does not have
     */
    public VerificationReport verify(FileStore files, KeyProvider keys) {
        return engine.verify(Objects.requireNonNull(files, "files"), keys);
    }

    /** Counts and sizes of this moment, each right by itself. Cheap enough for a metric that is read every second. */
    public EnvironmentStatistics statistics() {
        return engine.statistics();
    }

    /**
     * Closes the stores that are still open, stops the background threads and gives back all memory. When the close of
     * one store throws, the other stores are closed all the same; at the end the first failure is thrown, with later
     * ones suppressed by it. Idempotent.
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
        private boolean mapFiles = true;
        private Clock clock;
        private BackgroundExecutor executor;
        private SlabAllocator allocator;
        private LongSupplier random;
        private boolean leakTracking;
        private EngineLimits limits = EngineLimits.DEFAULT;

        private Builder() {}

        /**
         * The hard memory budget in bytes, at least 1 MiB; default 256 MiB. Without an {@link #allocator} it is direct
         * memory. The JVM limits direct memory to {@code -XX:MaxDirectMemorySize}, or to the size of the heap where
         * that is not set, for all users of direct memory together: see {@link #build}.
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
         * How many SSTs of all stores together stay open for reading, 16 to 1,000,000; default 1000. A file is opened
         * when a block of it is read, or to be mapped ({@link #mapFiles}); then the file that was not read for the longest time is closed. While more
         * threads than this number read different files, each of these threads has one file open. There are further
         * handles. An open store has three, for its lock and its manifest, and two more with a write-ahead log. Each
         * flush, compaction, ingest, verification and copy of a checkpoint has the handle of the file that it writes or
         * copies.
         */
        public Builder maxOpenFiles(int value) {
            if (value < 16 || value > 1_000_000) {
                throw new IllegalArgumentException("maxOpenFiles is " + value + ", must be 16 to 1000000");
            }
            maxOpenFiles = value;
            return this;
        }

        /**
         * Whether blocks of SSTs that are not in the block cache, but in the page cache of the system, are read in place, from a
         * mapping of the file. It concerns data blocks that are neither compressed nor encrypted, of stores in {@link
         * FileStores#local}, on JDK 22 and later and not on Windows; elsewhere the option has no effect. Default true.
         *
         * <p>Pages of mapped files are not part of {@link #memoryBytes}: they belong to the page cache of the system, which takes
         * them back when memory is needed. The resident memory of the process counts them, and a container counts them until
         * then.
         */
        public Builder mapFiles(boolean value) {
            mapFiles = value;
            return this;
        }

        /** Default: the clock of the system. Not null. */
        public Builder clock(Clock value) {
            clock = Objects.requireNonNull(value, "clock");
            return this;
        }

        /** Default: daemon threads of this environment. The environment closes the executor. Not null. */
        public Builder executor(BackgroundExecutor value) {
            executor = Objects.requireNonNull(value, "executor");
            return this;
        }

        /** Default: direct buffers, which are taken when needed, up to the budget. Not null. */
        public Builder allocator(SlabAllocator value) {
            allocator = Objects.requireNonNull(value, "allocator");
            return this;
        }

        /** Source of the 128-bit ids of files. Default: a secure source. Give a seeded source only in tests. Not null. */
        public Builder random(LongSupplier value) {
            random = Objects.requireNonNull(value, "random");
            return this;
        }

        /**
         * Whether the environment remembers the place where each iterator, snapshot, checkpoint and ingest is opened.
         * Objects that are still open when their store is closed are reported by a warning in the log; with this option
         * the warning names the place of each. The option costs a stack trace for each object. Default false: then the
         * warning gives their number, and the thread and the age of the oldest.
         */
        public Builder leakTracking(boolean value) {
            leakTracking = value;
            return this;
        }

        /** Smaller limits, for tests. */
        Builder limits(EngineLimits value) {
            limits = value;
            return this;
        }

        /**
         * @throws MemoryBudgetException when there is no {@link #allocator} and the JVM gives less direct memory than
         *     the budget. When the JVM gives hardly more than the budget, a warning is logged instead
         */
        public Environment build() {
            return new Environment(new Engine(new EngineOptions(
                    memoryBytes,
                    backgroundThreads,
                    maxOpenFiles,
                    clock,
                    executor,
                    allocator,
                    random,
                    mapFiles,
                    leakTracking,
                    limits)));
        }
    }
}
