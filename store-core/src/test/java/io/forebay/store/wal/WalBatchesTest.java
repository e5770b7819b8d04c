package io.forebay.store.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashChoice.Names;
import io.forebay.store.testing.CrashChoice.Tails;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches in a write-ahead log are there as a whole or not at all, however large they are. */
@Tag("smoke")
class WalBatchesTest extends LoggedStores {
    @Test
    void aBatchIsThereAsAWholeOrNotAtAll() throws Exception {
        Store store = new SteppedEnvironment().open(files, options(Durability.BUFFERED));
        store.put(bytes("a"), bytes("1"));
        long before = files.size(logs().get(0));
        store.write(new WriteBatch()
                .put(bytes("a"), bytes("2"))
                .delete(bytes("b"))
                .deleteRange(bytes("c"), null)
                .put(bytes("d"), bytes("4")));
        long after = files.size(logs().get(0));
        CrashFileStore left = files.afterKill();
        byte[] log = read(left, logs().get(0));
        for (long length = before; length <= after; length++) {
            CrashFileStore cut = left.afterKill();
            replace(cut, logs().get(0), Arrays.copyOf(log, (int) length));
            try (SteppedEnvironment stepped = new SteppedEnvironment()) {
                Store reopened = stepped.open(cut, options(Durability.BUFFERED));
                boolean whole = length == after;
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes(whole ? "2" : "1"));
                assertThat(reopened.get(bytes("d"))).isEqualTo(whole ? bytes("4") : null);
            }
        }
    }

    @Test
    void aBatchLargerThanTheMemtablesIsAtomic() {
        StoreOptions.Builder options = options(Durability.SYNCED).memtableBytes(32 << 10);
        SteppedEnvironment stepped = new SteppedEnvironment(1 << 20);
        Store store = stepped.open(files, options);
        store.put(bytes("a"), bytes("1"));
        WriteBatch batch = new WriteBatch();
        byte[] value = new byte[1000];
        for (int i = 0; i < 500; i++) {
            batch.put(bytes(String.format("key%04d", i)), value);
        }
        store.write(batch);
        assertThat(store.statistics().flushes()).isPositive();
        try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
            Store reopened = other.open(files.afterCrash(new Random(1)), options);
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
            for (int i = 0; i < 500; i++) {
                assertThat(reopened.get(bytes(String.format("key%04d", i)))).isEqualTo(value);
            }
        }
    }

    /** The batch fills the memtable that it ends in, and is the last thing that the flush can keep. */
    @Test
    void aFlushBehindALargeBatchKeepsIt() {
        StoreOptions.Builder options = options(Durability.BUFFERED).memtableBytes(32 << 10);
        Store store = new SteppedEnvironment(1 << 20).open(files, options);
        store.put(bytes("a"), bytes("1"));
        store.commitDurably(bytes("one"));
        byte[] value = new byte[100_000];
        WriteBatch batch = new WriteBatch();
        for (int i = 0; i < 4; i++) {
            batch.put(bytes("large" + i), value);
        }
        store.write(batch);
        store.flush();
        try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
            CrashChoice nothing = new CrashChoice(Names.NONE, Tails.NONE, new Random(1));
            Store reopened = other.open(files.afterCrash(nothing), options);
            assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
            for (int i = 0; i < 4; i++) {
                assertThat(reopened.get(bytes("large" + i))).as("%d", i).isEqualTo(value);
            }
        }
    }

    /** The batch fills the memtable that it ends in; nothing in the log behind it says that it is whole. */
    @ParameterizedTest
    @EnumSource
    void aLargeBatchAtTheEndSurvivesOneOpeningAfterAnother(Durability between) {
        StoreOptions.Builder options = options(Durability.SYNCED).memtableBytes(32 << 10);
        Store store = new SteppedEnvironment(1 << 20).open(files, options);
        store.put(bytes("a"), bytes("1"));
        byte[] value = new byte[400_000];
        store.write(new WriteBatch().put(bytes("large"), value));
        CrashFileStore left = files.afterCrash(new Random(1));
        for (Durability durability : new Durability[] {between, Durability.SYNCED, Durability.NONE}) {
            try (SteppedEnvironment other = new SteppedEnvironment(1 << 20)) {
                Store reopened = other.open(left, options.durability(durability));
                assertThat(reopened.get(bytes("a"))).isEqualTo(bytes("1"));
                assertThat(reopened.get(bytes("large"))).isEqualTo(value);
                reopened.close();
            }
        }
    }

    private static byte[] read(FileStore from, String name) throws Exception {
        try (ReadableFile file = from.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(0, bytes);
            return bytes.array();
        }
    }

    private static void replace(FileStore in, String name, byte[] content) throws Exception {
        in.delete(name);
        in.putIfAbsent(name, content);
    }
}
