package io.forebay.store.sst;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ReadableFile;
import io.forebay.store.cache.BlockCache;
import io.forebay.store.cache.SlabPool;
import io.forebay.store.crypto.Encryption;
import io.forebay.store.util.DirectSlabAllocator;
import io.forebay.store.values.ValueFile;
import java.io.IOException;

/** Pool, cache and one open file; closing checks that nothing is pinned or held any more. */
final class SstFixture implements AutoCloseable {
    final SlabPool pool;
    final BlockCache cache;
    final SstReader reader;

    SstFixture(ReadableFile file, String name, long budget) throws IOException {
        this(file, name, budget, Encryption.NONE);
    }

    SstFixture(ReadableFile file, String name, long budget, Encryption encryption) throws IOException {
        pool = new SlabPool(new DirectSlabAllocator(budget), budget);
        cache = new BlockCache(pool);
        reader = SstReader.open(file, name, ValueFile.NONE, cache, pool, encryption, null, SstMetadata.UNKNOWN);
    }

    @Override
    public void close() throws IOException {
        reader.close();
        cache.close();
        assertThat(pool.used()).as("memory still held").isZero();
    }
}
