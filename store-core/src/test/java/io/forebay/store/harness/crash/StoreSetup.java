package io.forebay.store.harness.crash;

import io.forebay.store.Compression;
import io.forebay.store.MergeFunction;
import io.forebay.store.StoreOptions;
import io.forebay.store.testing.TestKeys;
import java.time.Duration;

/** Options that workloads run with: so small that a few puts make files. */
enum StoreSetup {
    TINY {
        @Override
        StoreOptions options() {
            return tiny().build();
        }
    },
    /** Every commit starts a flush. */
    EAGER {
        @Override
        StoreOptions options() {
            return tiny().commitInterval(Duration.ZERO).bloomBitsPerKey(0).build();
        }
    },
    COMPRESSED {
        @Override
        StoreOptions options() {
            return tiny().blockBytes(512)
                    .compression(Compression.LZ4)
                    .bottomCompression(Compression.LZ4)
                    .build();
        }
    },
    /** Values are in value files. */
    VALUES {
        @Override
        StoreOptions options() {
            return tiny().valueFileThreshold(1).build();
        }
    },
    /** Its files have other bytes in every run. */
    ENCRYPTED {
        @Override
        StoreOptions options() {
            return tiny().encryption(TestKeys.provider("k")).encryptedOnly(true).build();
        }
    };

    abstract StoreOptions options();

    private static StoreOptions.Builder tiny() {
        return StoreOptions.builder()
                .name("crashing")
                .memtableBytes(1024)
                .blockBytes(128)
                .targetFileBytes(4096)
                .mergeFunction(MergeFunction.append((byte) ','));
    }
}
