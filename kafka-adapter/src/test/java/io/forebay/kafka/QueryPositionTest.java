package io.forebay.kafka;

import static io.forebay.kafka.StoreFlavour.bytes;
import static io.forebay.kafka.TestContexts.logged;
import static io.forebay.kafka.TestContexts.open;
import static io.forebay.kafka.TestContexts.processing;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.query.KeyQuery;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queries of other threads while the task writes. */
class QueryPositionTest {
    private static final int RECORDS = 20_000;
    private static final Bytes KEY = bytes("key");

    @TempDir
    File directory;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aQueryTellsThePositionOfExactlyTheRowsThatItSaw() throws Exception {
        InternalMockProcessorContext<Object, Object> context = logged(directory, "s");
        KeyValueStore<Bytes, byte[]> store =
                open(ForebayStores.persistentKeyValueStore("s").get(), context);
        put(store, context, 0);
        AtomicBoolean ended = new AtomicBoolean();
        CountDownLatch firstQuery = new CountDownLatch(1);
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            Future<Long> lastSeen = reader.submit(() -> {
                boolean last;
                long seen;
                do {
                    last = ended.get();
                    seen = query(store);
                    firstQuery.countDown();
                } while (!last);
                return seen;
            });
            firstQuery.await();
            for (long offset = 1; offset <= RECORDS && !lastSeen.isDone(); offset++) {
                put(store, context, offset);
            }
            ended.set(true);
            assertThat(lastSeen.get()).isEqualTo(RECORDS);
        } finally {
            ended.set(true);
            reader.shutdown();
            assertThat(reader.awaitTermination(5, TimeUnit.MINUTES)).isTrue();
            store.close();
        }
    }

    private static void put(
            KeyValueStore<Bytes, byte[]> store, InternalMockProcessorContext<Object, Object> context, long offset) {
        processing(context, "in", 0, offset);
        store.put(KEY, ByteBuffer.allocate(Long.BYTES).putLong(offset).array());
    }

    /** The offset of the record that wrote the row; fails when the position is another. */
    private static long query(KeyValueStore<Bytes, byte[]> store) {
        QueryResult<byte[]> result =
                store.query(KeyQuery.withKey(KEY), PositionBound.unbounded(), new QueryConfig(false));
        long offset = ByteBuffer.wrap(result.getResult()).getLong();
        assertThat(result.getPosition().getPartitionPositions("in")).containsEntry(0, offset);
        return offset;
    }
}
