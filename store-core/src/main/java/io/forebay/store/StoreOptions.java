package io.forebay.store;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Options of one store. Immutable. The defaults are meant to be right for stream processors. All options may change
 * between opens, except the name of the merge function; and a store that was encrypted needs a provider of its keys.
 */
public final class StoreOptions {
    private final String name;
    private final int memtableBytes;
    private final int blockBytes;
    private final int bloomBitsPerKey;
    private final long targetFileBytes;
    private final Duration commitInterval;
    private final MergeFunction mergeFunction;
    private final CompactionFilter compactionFilter;
    private final Supplier<Duration> periodicCompaction;
    private final KeyProvider encryption;
    private final boolean encryptedOnly;
    private final Durability durability;
    private final long walBytes;
    private final Compression compression;
    private final Compression bottomCompression;
    private final int valueFileThreshold;

    private StoreOptions(Builder b) {
        name = b.name;
        memtableBytes = b.memtableBytes;
        blockBytes = b.blockBytes;
        bloomBitsPerKey = b.bloomBitsPerKey;
        targetFileBytes = b.targetFileBytes;
        commitInterval = b.commitInterval;
        mergeFunction = b.mergeFunction;
        compactionFilter = b.compactionFilter;
        periodicCompaction = b.periodicCompaction;
        encryption = b.encryption;
        encryptedOnly = b.encryptedOnly;
        durability = b.durability;
        walBytes = b.walBytes;
        compression = b.compression;
        bottomCompression = b.bottomCompression;
        valueFileThreshold = b.valueFileThreshold;
    }

    /** A builder with the defaults that the methods of {@link StoreOptions} name. */
    public static Builder builder() {
        return new Builder();
    }

    /** The defaults: no log, no encryption, no compression, no merge function. */
    public static StoreOptions defaults() {
        return builder().build();
    }

    /** Name of the store in messages and logs. */
    public String name() {
        return name;
    }

    /**
     * Size at which the memtable is frozen and flushed, in bytes; 1 KiB to 1 GiB, default 32 MiB. The first store of an
     * environment freezes there, and each further one at another place between three quarters of it and all, so that
     * stores which are written at the same rate are not flushed at the same moment. The memtable freezes earlier when
     * the memory budget is small or in use.
     */
    public int memtableBytes() {
        return memtableBytes;
    }

    /** Size at which a data block ends, in bytes; 128 B to 64 KiB, default 4 KiB. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Bits per key of the bloom filters; 0 (none) to 32, default 10. */
    public int bloomBitsPerKey() {
        return bloomBitsPerKey;
    }

    /**
     * Size at which a compaction starts a new SST, in bytes; 4 KiB to 1 TiB, default 64 MiB. In an environment with
     * little memory the size is smaller: at most {@link #blockBytes()} times a 512th of {@link
     * Environment.Builder#memoryBytes}, so that the metadata of one file fits easily. A file also ends when its decoded
     * range deletes take a 64th of that memory.
     */
    public long targetFileBytes() {
        return targetFileBytes;
    }

    /**
     * How old the last durable commit may become while newer commits wait to become durable; default 60 s. Then a flush
     * is started, or with a log a sync of it: by the first store of an environment at the end of the interval, and by
     * each further one at another place in its last quarter, so that stores which commit together are not flushed at
     * the same moment. With zero every commit starts one, unless a sync of the log is about to start anyway.
     */
    public Duration commitInterval() {
        return commitInterval;
    }

    /** Null when the store does not use merge. */
    public MergeFunction mergeFunction() {
        return mergeFunction;
    }

    /** Null for none. */
    public CompactionFilter compactionFilter() {
        return compactionFilter;
    }

    /**
     * The age at which a file is rewritten in the background so that the compaction filter sees it again; 1 s or more,
     * or zero for never; default 30 days. No effect without a filter. The age counts from the creation of the file, by
     * {@link Clock#currentTimeMillis}: whatever writes a file asks the filter, but files are moved between the levels as
     * they are, and a file of the bottom that nothing new overlaps is not rewritten for anything else. Old files are
     * rewritten oldest first, one at a time, when no other compaction of the store is due; also in a store that is not
     * written to. In a period all files are read and written once, at most.
     *
     * @throws IllegalArgumentException when {@link Builder#periodicCompaction(Supplier)} was given a supplier that
     *     answers with a period out of range
     */
    public Duration periodicCompaction() {
        return Builder.checkedPeriod(periodicCompaction.get());
    }

    /** Null when new files are not encrypted, which is the default. See {@link Builder#encryption}. */
    public KeyProvider encryption() {
        return encryption;
    }

    /**
     * What survives a crash once a write has returned; default {@link Durability#NONE}, which keeps no log. A log
     * collects writes in heap memory before it writes them, outside of the memory budget: the writes under way, and
     * buffers of some MiB for reuse.
     */
    public Durability durability() {
        return durability;
    }

    /**
     * Bytes of write-ahead log that a recovery may have to replay; 4 KiB to 1 TiB, default 128 MiB. A flush starts at
     * half of it, so that old log files can be deleted, and writers are slowed down when the log comes near the limit.
     * Writers are never stopped, so with a slow disk the logs may grow a little larger. No effect without a log.
     */
    public long walBytes() {
        return walBytes;
    }

    /** True when files that are not encrypted are refused; default false. See {@link Builder#encryptedOnly}. */
    public boolean encryptedOnly() {
        return encryptedOnly;
    }

    /**
     * Compression of new files above the bottom run: flushed memtables, and merges of them. These files are read most
     * and live shortest, so the default is {@link Compression#NONE}.
     */
    public Compression compression() {
        return compression;
    }

    /** Compression of new files of the bottom run, which holds most of the data; default {@link Compression#NONE}. */
    public Compression bottomCompression() {
        return bottomCompression;
    }

    /**
     * Length in bytes from which on a value is written to a value file, beside the SST with its key: 1 B to 1 MiB, or 0 for
     * never, which is the default. A compaction then moves the place of the value and not the value, so a store of long values
     * writes much less; each read of a value reads from its value file. Values in value files are not compressed, and not kept
     * in the block cache. Operands of merges stay in SSTs. May change between opens: what is in value files stays readable,
     * and what is rewritten follows the new rule.
     */
    public int valueFileThreshold() {
        return valueFileThreshold;
    }

    /** Builds options. A setter refuses a value out of range with {@link IllegalArgumentException}. Not thread-safe. */
    public static final class Builder {
        private String name = "store";
        private int memtableBytes = 32 << 20;
        private int blockBytes = 4096;
        private int bloomBitsPerKey = 10;
        private long targetFileBytes = 64L << 20;
        private Duration commitInterval = Duration.ofSeconds(60);
        private MergeFunction mergeFunction;
        private CompactionFilter compactionFilter;
        private Supplier<Duration> periodicCompaction = () -> Duration.ofDays(30);
        private KeyProvider encryption;
        private boolean encryptedOnly;
        private Durability durability = Durability.NONE;
        private long walBytes = 128L << 20;
        private Compression compression = Compression.NONE;
        private Compression bottomCompression = Compression.NONE;
        private int valueFileThreshold;

        private Builder() {}

        /** See {@link StoreOptions#name()}; not null. */
        public Builder name(String value) {
            name = Objects.requireNonNull(value, "name");
            return this;
        }

        /** See {@link StoreOptions#memtableBytes()}; 1 KiB to 1 GiB. */
        public Builder memtableBytes(int value) {
            memtableBytes = (int) inRange("memtableBytes", value, 1 << 10, 1 << 30);
            return this;
        }

        /** See {@link StoreOptions#blockBytes()}; 128 B to 64 KiB. */
        public Builder blockBytes(int value) {
            blockBytes = (int) inRange("blockBytes", value, 128, 64 << 10);
            return this;
        }

        /** See {@link StoreOptions#bloomBitsPerKey()}; 0 to 32. */
        public Builder bloomBitsPerKey(int value) {
            bloomBitsPerKey = (int) inRange("bloomBitsPerKey", value, 0, 32);
            return this;
        }

        /** See {@link StoreOptions#targetFileBytes()}; 4 KiB to 1 TiB. */
        public Builder targetFileBytes(long value) {
            targetFileBytes = inRange("targetFileBytes", value, 4 << 10, 1L << 40);
            return this;
        }

        /** See {@link StoreOptions#commitInterval()}; not null, not negative. */
        public Builder commitInterval(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("commitInterval is " + value + ", must not be negative");
            }
            commitInterval = value;
            return this;
        }

        /** See {@link StoreOptions#mergeFunction()}; null for none. */
        public Builder mergeFunction(MergeFunction value) {
            mergeFunction = value;
            return this;
        }

        /** See {@link StoreOptions#compactionFilter()}; null for none. */
        public Builder compactionFilter(CompactionFilter value) {
            compactionFilter = value;
            return this;
        }

        /** See {@link StoreOptions#periodicCompaction()}; not null; 1 s or more, or zero. */
        public Builder periodicCompaction(Duration value) {
            checkedPeriod(value);
            periodicCompaction = () -> value;
            return this;
        }

        /**
         * A period that may change while the store is open, for a filter whose rules may. The store asks when it looks
         * for compactions, at least once an hour. The rules for code in {@link CompactionFilter} hold here as well: the
         * supplier is called by background threads, one or several at a time, and when it throws, or answers null or
         * what is out of range, the store is read-only until {@link Store#resume}.
         *
         * @param value not null
         */
        public Builder periodicCompaction(Supplier<Duration> value) {
            periodicCompaction = Objects.requireNonNull(value, "periodicCompaction");
            return this;
        }

        /**
         * Encrypts all files that are written from now on, with AES-256-GCM and keys from {@code value}; null for none.
         * A store that has been encrypted must be opened with a provider that has its keys. A store that has not been
         * encrypted stays readable; its files become encrypted when they are rewritten, and {@link Store#compact()}
         * rewrites all. See SECURITY.md.
         */
        public Builder encryption(KeyProvider value) {
            encryption = value;
            return this;
        }

        /**
         * Refuses files that are not encrypted, with {@link EncryptionException}. Without this option an attacker who
         * can write to the directory can replace an encrypted store by a plain one. Set the option when all files of a
         * store are encrypted. Needs {@link #encryption}.
         */
        public Builder encryptedOnly(boolean value) {
            encryptedOnly = value;
            return this;
        }

        /** A store can be opened again with another durability: logs that exist are replayed in any case. Not null. */
        public Builder durability(Durability value) {
            durability = Objects.requireNonNull(value, "durability");
            return this;
        }

        /** See {@link StoreOptions#walBytes()}; 4 KiB to 1 TiB. */
        public Builder walBytes(long value) {
            walBytes = inRange("walBytes", value, 4 << 10, 1L << 40);
            return this;
        }

        /** See {@link StoreOptions#compression()}; not null. */
        public Builder compression(Compression value) {
            compression = Objects.requireNonNull(value, "compression");
            return this;
        }

        /** See {@link StoreOptions#bottomCompression()}; not null. */
        public Builder bottomCompression(Compression value) {
            bottomCompression = Objects.requireNonNull(value, "bottomCompression");
            return this;
        }

        /** See {@link StoreOptions#valueFileThreshold()}; 0 B to 1 MiB. */
        public Builder valueFileThreshold(int value) {
            valueFileThreshold = (int) inRange("valueFileThreshold", value, 0, 1 << 20);
            return this;
        }

        /** The options so far; the builder may go on. {@link IllegalArgumentException} when they contradict each other. */
        public StoreOptions build() {
            if (encryptedOnly && encryption == null) {
                throw new IllegalArgumentException("encryptedOnly needs encryption(KeyProvider)");
            }
            return new StoreOptions(this);
        }

        private static Duration checkedPeriod(Duration value) {
            Objects.requireNonNull(value, "periodicCompaction");
            if (!value.isZero() && value.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("periodicCompaction is " + value + ", must be zero, or 1 s or more");
            }
            return value;
        }

        private static long inRange(String option, long value, long min, long max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(option + " is " + value + ", must be " + min + " to " + max);
            }
            return value;
        }
    }
}
