package io.forebay.bench.costs;

import io.forebay.store.Compression;
import io.forebay.store.Durability;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyProviders;
import io.forebay.store.StoreOptions;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A store with one thing switched on, or none, or all. */
enum Variant {
    PLAIN("plain", options -> options),
    WAL_BUFFERED("WAL, buffered", options -> options.durability(Durability.BUFFERED)),
    WAL_SYNCED("WAL, synced", options -> options.durability(Durability.SYNCED)),
    LZ4("LZ4", options -> compressed(options, Compression.LZ4)),
    ZSTD("Zstandard", options -> compressed(options, Compression.ZSTD)),
    /** As it is meant to be used: what is written most often is compressed cheaply or not at all. */
    ZSTD_BOTTOM("Zstd at bottom", options -> options.bottomCompression(Compression.ZSTD)),
    ENCRYPTION("encryption", Variant::encrypted),
    /** The log is buffered, because syncs would hide everything else. */
    ALL(
            "all, buffered",
            options -> encrypted(compressed(options, Compression.ZSTD)).durability(Durability.BUFFERED));

    private static final int KEY_BYTES = 32;

    private final String title;
    private final UnaryOperator<StoreOptions.Builder> change;

    Variant(String title, UnaryOperator<StoreOptions.Builder> change) {
        this.title = title;
        this.change = change;
    }

    String title() {
        return title;
    }

    StoreOptions options(int memtableBytes) {
        return change.apply(StoreOptions.builder().name(title).memtableBytes(memtableBytes))
                .build();
    }

    /** True when every single write waits for the disk, so that few of them must do. */
    boolean isSlowToWrite() {
        return this == WAL_SYNCED;
    }

    private static StoreOptions.Builder compressed(StoreOptions.Builder options, Compression compression) {
        return options.compression(compression).bottomCompression(compression);
    }

    private static StoreOptions.Builder encrypted(StoreOptions.Builder options) {
        return options.encryption(keys());
    }

    /** What the key is does not change the time. */
    private static KeyProvider keys() {
        return KeyProviders.ofKeys("bench", Map.of("bench", new byte[KEY_BYTES]));
    }
}
