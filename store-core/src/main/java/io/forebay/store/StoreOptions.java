package io.forebay.store;

import java.time.Duration;
import java.util.Objects;

/**
 * Options of one store. Immutable; the defaults are meant to be right for stream processors. None of them must be the
 * same when the store is opened again, except the name of the merge function, and that an encrypted store needs its keys.
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
    private final KeyProvider encryption;
    private final boolean encryptedOnly;
    private final Durability durability;
    private final long walBytes;
    private final Compression compression;
    private final Compression bottomCompression;

    private StoreOptions(Builder b) {
        name = b.name;
        memtableBytes = b.memtableBytes;
        blockBytes = b.blockBytes;
        bloomBitsPerKey = b.bloomBitsPerKey;
        targetFileBytes = b.targetFileBytes;
        commitInterval = b.commitInterval;
        mergeFunction = b.mergeFunction;
        compactionFilter = b.compactionFilter;
        encryption = b.encryption;
        encryptedOnly = b.encryptedOnly;
        durability = b.durability;
        walBytes = b.walBytes;
        compression = b.compression;
        bottomCompression = b.bottomCompression;
    }

    public static Builder builder() {
        return new Builder();
    }

    public static StoreOptions defaults() {
        return builder().build();
    }

    /** Name for messages and logs. */
    public String name() {
        return name;
    }

    /** Bytes at which the memtable is frozen and flushed; 1 KiB to 1 GiB, default 32 MiB. The budget may make it freeze earlier. */
    public int memtableBytes() {
        return memtableBytes;
    }

    /** Size at which a data block is closed, in bytes; 128 B to 64 KiB, default 4 KiB. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Bits per key of the bloom filters; 0 (none) to 32, default 10. */
    public int bloomBitsPerKey() {
        return bloomBitsPerKey;
    }

    /**
     * Size at which a compaction starts a new SST, in bytes; 4 KiB to 1 TiB, default 64 MiB. In an environment with little memory
     * it is less: at most {@link #blockBytes()} times a 512th of {@link Environment.Builder#memoryBytes}, so that the metadata
     * of one file fits easily. A file also ends when its range deletes take a 64th of that memory when they are decoded.
     */
    public long targetFileBytes() {
        return targetFileBytes;
    }

    /**
     * How old the last durable commit may become while newer commits wait; default 60 s. Zero makes every commit start a flush, or with
     * a log a sync of it, unless one is about to begin.
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

    /** Null when new files are not encrypted, which is the default. */
    public KeyProvider encryption() {
        return encryption;
    }

    /**
     * What survives when a write has returned; default {@link Durability#NONE}, which keeps no log. What a log gathers
     * before it is written (the writes under way, and buffers of some MiB for reuse) is heap, outside of the memory budget.
     */
    public Durability durability() {
        return durability;
    }

    /**
     * Bytes of write-ahead log that a recovery may have to replay; 4 KiB to 1 TiB, default 128 MiB. A flush is started at
     * half of it, so that old logs can go, and writers are slowed down as it comes near; they are never stopped, so a disk
     * that cannot keep up may let the logs grow a little larger. Without a log it has no effect.
     */
    public long walBytes() {
        return walBytes;
    }

    /** True when plain files are refused; default false. */
    public boolean encryptedOnly() {
        return encryptedOnly;
    }

    /**
     * Compression of new files above the bottom level: flushed memtables and merges of them. They are read most and live
     * shortest, so the default is {@link Compression#NONE}.
     */
    public Compression compression() {
        return compression;
    }

    /** Compression of new files of the bottom level, which holds most of the data; default {@link Compression#NONE}. */
    public Compression bottomCompression() {
        return bottomCompression;
    }

    /** Builds options; every setter refuses values out of range with {@link IllegalArgumentException}. */
    public static final class Builder {
        private String name = "store";
        private int memtableBytes = 32 << 20;
        private int blockBytes = 4096;
        private int bloomBitsPerKey = 10;
        private long targetFileBytes = 64L << 20;
        private Duration commitInterval = Duration.ofSeconds(60);
        private MergeFunction mergeFunction;
        private CompactionFilter compactionFilter;
        private KeyProvider encryption;
        private boolean encryptedOnly;
        private Durability durability = Durability.NONE;
        private long walBytes = 128L << 20;
        private Compression compression = Compression.NONE;
        private Compression bottomCompression = Compression.NONE;

        private Builder() {}

        public Builder name(String value) {
            name = Objects.requireNonNull(value, "name");
            return this;
        }

        public Builder memtableBytes(int value) {
            memtableBytes = (int) inRange("memtableBytes", value, 1 << 10, 1 << 30);
            return this;
        }

        public Builder blockBytes(int value) {
            blockBytes = (int) inRange("blockBytes", value, 128, 64 << 10);
            return this;
        }

        public Builder bloomBitsPerKey(int value) {
            bloomBitsPerKey = (int) inRange("bloomBitsPerKey", value, 0, 32);
            return this;
        }

        public Builder targetFileBytes(long value) {
            targetFileBytes = inRange("targetFileBytes", value, 4 << 10, 1L << 40);
            return this;
        }

        public Builder commitInterval(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("commitInterval is " + value + ", must not be negative");
            }
            commitInterval = value;
            return this;
        }

        public Builder mergeFunction(MergeFunction value) {
            mergeFunction = value;
            return this;
        }

        public Builder compactionFilter(CompactionFilter value) {
            compactionFilter = value;
            return this;
        }

        /**
         * Encrypts all files that are written from now on, with AES-256-GCM and keys from {@code value}; null for none. A store
         * that has been encrypted must be opened with a provider that knows its keys. One that has not stays readable, its
         * files turn encrypted as they are rewritten, all of them by {@link Store#compact()}. See SECURITY.md.
         */
        public Builder encryption(KeyProvider value) {
            encryption = value;
            return this;
        }

        /**
         * Refuses files that are not encrypted, with {@link EncryptionException}. Without it whoever can write to the directory
         * can put a plain store in the place of an encrypted one; set it as soon as a store is encrypted as a whole. Needs
         * {@link #encryption}.
         */
        public Builder encryptedOnly(boolean value) {
            encryptedOnly = value;
            return this;
        }

        /** A store can be opened again with another durability: what logs hold is replayed in any case. */
        public Builder durability(Durability value) {
            durability = Objects.requireNonNull(value, "durability");
            return this;
        }

        public Builder walBytes(long value) {
            walBytes = inRange("walBytes", value, 4 << 10, 1L << 40);
            return this;
        }

        public Builder compression(Compression value) {
            compression = Objects.requireNonNull(value, "compression");
            return this;
        }

        public Builder bottomCompression(Compression value) {
            bottomCompression = Objects.requireNonNull(value, "bottomCompression");
            return this;
        }

        public StoreOptions build() {
            if (encryptedOnly && encryption == null) {
                throw new IllegalArgumentException("encryptedOnly needs encryption(KeyProvider)");
            }
            return new StoreOptions(this);
        }

        private static long inRange(String option, long value, long min, long max) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(option + " is " + value + ", must be " + min + " to " + max);
            }
            return value;
        }
    }
}
