package io.forebay.kafka.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.kafka.TestContexts;
import io.forebay.kafka.config.ForebayConfig;
import io.forebay.kafka.offsets.StoreKind;
import io.forebay.kafka.offsets.StoreLayout;
import io.forebay.kafka.offsets.ValueFormat;
import io.forebay.store.FileStore;
import io.forebay.store.StoreException;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.Seeds;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.internals.GlobalProcessorContextImpl;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.test.InternalMockProcessorContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left of rows, offsets and position when the machine crashes, or its disk fails. */
class CrashedDiskTest {
    private static final TopicPartition CHANGELOG = new TopicPartition("changelog", 0);
    private static final int KEYS = 50;

    @TempDir
    File dir;

    /** Row {@code n % KEYS} holds {@code n} once record {@code n} was processed. */
    private static final class Rows extends ForebayStateStore {
        private final FileStore disk;

        Rows(FileStore disk) {
            super("rows", new StoreLayout(StoreKind.KEY_VALUE, ValueFormat.PLAIN, 0));
            this.disk = disk;
        }

        @Override
        FileStore files(File directory) {
            return disk;
        }

        @Override
        protected void restore(Collection<ConsumerRecord<byte[], byte[]>> changelog, WriteBatch batch) {
            throw new AssertionError("nothing is restored here");
        }

        void process(long record) {
            writer().put(bytes(record % KEYS), bytes(record));
            updatePosition();
        }

        long row(long key) {
            byte[] value = store().get(bytes(key));
            return value == null ? 0 : ByteBuffer.wrap(value).getLong();
        }
    }

    private static byte[] bytes(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    private InternalMockProcessorContext<Object, Object> context() {
        return TestContexts.unlogged(
                dir,
                Map.of(
                        ForebayConfig.MEMORY_BYTES_CONFIG,
                        8 << 20,
                        ForebayConfig.MEMTABLE_BYTES_CONFIG,
                        64 << 10,
                        ForebayConfig.COMMIT_INTERVAL_MS_CONFIG,
                        0L));
    }

    private Rows open(FileStore disk, InternalMockProcessorContext<Object, Object> context) {
        return TestContexts.open(new Rows(disk), context);
    }

    /** The rows are those of the committed offset, and of no record more or less. @return the offset */
    private static long check(Rows store) {
        Long committed = store.committedOffset(CHANGELOG);
        long last = committed == null ? 0 : committed;
        for (long key = 0; key < KEYS; key++) {
            long expected = last - Math.floorMod(last - key, (long) KEYS);
            assertThat(store.row(key)).as("row %d at offset %d", key, last).isEqualTo(Math.max(0, expected));
        }
        Position position =
                last == 0 ? Position.emptyPosition() : Position.emptyPosition().withComponent("input", 0, last);
        assertThat(store.getPosition()).isEqualTo(position);
        return last;
    }

    @Test
    void rowsAndOffsetsSurviveCrashesTogether() {
        Seeds.run(getClass(), 5, seed -> {
            Random random = new Random(seed);
            CrashFileStore disk = new CrashFileStore();
            long record = 0;
            long atLeast = 0;
            for (int life = 0; life < 12; life++) {
                InternalMockProcessorContext<Object, Object> context = context();
                Rows store = open(disk, context);
                record = check(store);
                assertThat(record).isGreaterThanOrEqualTo(atLeast);
                for (int i = random.nextInt(400); i > 0; i--) {
                    record++;
                    TestContexts.processing(context, "input", 0, record);
                    store.process(record);
                    if (random.nextInt(20) == 0) {
                        store.commit(Map.of(CHANGELOG, record));
                    }
                }
                if (random.nextInt(3) == 0) {
                    Long committed = store.committedOffset(CHANGELOG);
                    store.close();
                    // What a clean close leaves is durable.
                    atLeast = committed == null ? 0 : committed;
                    disk = random.nextBoolean() ? disk : disk.afterCrash(random);
                } else {
                    CrashFileStore left = random.nextBoolean() ? disk.afterCrash(random) : disk.afterKill();
                    store.close();
                    disk = left;
                }
            }
        });
    }

    @Test
    void aDiskThatFailsStopsTheTaskAndLosesNothing() {
        CrashFileStore disk = new CrashFileStore();
        InternalMockProcessorContext<Object, Object> context = context();
        Rows store = open(disk, context);
        for (long record = 1; record <= 100; record++) {
            TestContexts.processing(context, "input", 0, record);
            store.process(record);
        }
        store.commit(Map.of(CHANGELOG, 100L));
        store.close();

        Rows failing = open(disk, context);
        disk.failAfter(1);
        TestContexts.processing(context, "input", 0, 101);
        failing.process(101);
        assertThat(failing.row(1)).isEqualTo(101);
        assertThatThrownBy(() -> {
                    failing.commit(Map.of(CHANGELOG, 101L));
                    failing.close();
                })
                .isInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("rows");
        disk.heal();

        Rows again = open(disk, context());
        assertThat(check(again)).isEqualTo(100);
        again.close();
    }

    /** The thread of global stores dies of a commit that fails, commits once more, and closes them if that goes well. */
    @Test
    void aDiskThatFailsDoesNotKeepAGlobalStoreFromBeingClosed() {
        CrashFileStore disk = new CrashFileStore();
        Rows store = new Rows(disk);
        GlobalProcessorContextImpl context = TestContexts.global(dir);
        store.init(context, store);
        store.process(1);
        disk.failAfter(0);
        assertThatThrownBy(() -> store.store().flush()).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.commit(Map.of(CHANGELOG, 1L)))
                .isExactlyInstanceOf(ProcessorStateException.class)
                .hasMessageContaining("rows");
        store.commit(Map.of(CHANGELOG, 1L));
        disk.heal();
        store.close();
        store.init(context, store);
        assertThat(store.committedOffset(CHANGELOG)).isNull();
        assertThat(store.row(1)).isZero();
        store.close();
    }
}
