package io.forebay.store.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.FormatTooNewException;
import io.forebay.store.FormatTooOldException;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.GoldenBytes;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.util.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a reopen says to logs that are cut off, missing, or of another store; and the bytes of a log. */
class WalRecoveryTest extends ChangedLogs {
    @Test
    void golden() throws IOException {
        Store store = open(files, 7);
        store.put(bytes("a"), bytes("1"));
        store.delete(bytes("b"));
        store.merge(bytes("a"), bytes("2"));
        store.deleteRange(bytes("c"), bytes("e"));
        store.deleteRange(bytes("x"), null);
        store.write(new WriteBatch().put(bytes("y"), bytes("3")).delete(bytes("z")));
        store.commit(bytes("payload"));
        store.put(bytes("zeros"), new byte[1100]);
        GoldenBytes.verify("wal", read(files, logs(files).get(0)));
    }

    @Test
    void everyLengthOfABufferedLogIsAPrefix() throws IOException {
        Store store = environment(7)
                .environment
                .open(files, builder().durability(Durability.BUFFERED).build());
        for (int i = 0; i < 10; i++) {
            store.put(bytes("key" + i), bytes("value"));
        }
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        byte[] log = read(left, name);
        try (SteppedEnvironment stepped = new SteppedEnvironment(1 << 20)) {
            int before = -1;
            for (int length = 0; length <= log.length; length++) {
                CrashFileStore cut = with(left, name, Arrays.copyOf(log, length));
                int found = 0;
                try (Store reopened = stepped.environment.open(cut, options())) {
                    while (reopened.get(bytes("key" + found)) != null) {
                        found++;
                    }
                    for (int i = found; i < 10; i++) {
                        assertThat(reopened.get(bytes("key" + i))).isNull();
                    }
                } catch (CorruptionException e) {
                    // the beginning of a log that the manifest needs was durable
                    assertThat(before).isEqualTo(-1);
                    continue;
                }
                assertThat(found).isBetween(Math.max(0, before), before + 1);
                before = found;
            }
            assertThat(before).isEqualTo(10);
        }
    }

    @Test
    void aMissingLogIsNamed() throws IOException {
        List<String> names = threeLogs();
        CrashFileStore left = files.afterKill();
        assertThat(logs(left)).isEqualTo(names);
        for (String missing : names.subList(0, 2)) {
            CrashFileStore without = left.afterKill();
            without.delete(missing);
            assertThatThrownBy(() -> open(without, 1))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(missing);
        }
        assertSame(left);
    }

    @Test
    void aLogThatIsNotTheNewestHasNoTornEnd() throws IOException {
        List<String> names = threeLogs();
        for (String name : names.subList(0, 2)) {
            CrashFileStore left = files.afterKill();
            byte[] log = read(left, name);
            for (int cut = 1; cut < 60; cut += 7) {
                CrashFileStore torn = with(left, name, Arrays.copyOf(log, log.length - cut));
                assertThatThrownBy(() -> open(torn, 1))
                        .isInstanceOf(CorruptionException.class)
                        .hasMessageContaining(name);
            }
        }
    }

    @Test
    void aLogThatLostWholeRecordsAtItsEndIsNoticedByTheNextOne() throws IOException {
        Store store = open(files, 7);
        store.put(bytes("a"), bytes("1"));
        long whole = files.size(logs(files).get(0));
        store.put(bytes("a"), bytes("2"));
        store.checkpoint(bytes("")).close(); // ends the memtable
        store.put(bytes("a"), bytes("3"));
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        CrashFileStore cut = with(left, name, Arrays.copyOf(read(left, name), (int) whole));
        assertThatThrownBy(() -> open(cut, 1))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(name)
                .hasMessageContaining("offset " + whole);
    }

    @Test
    void logsThatChangedPlacesOrStoresAreNoticed() throws IOException {
        List<String> names = threeLogs();
        CrashFileStore left = files.afterKill();
        CrashFileStore swapped = with(left, names.get(1), read(left, names.get(2)));
        assertThatThrownBy(() -> open(swapped, 1))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(names.get(1))
                .hasMessageContaining("of another file");
        CrashFileStore other = new CrashFileStore();
        open(other, 99).put(bytes("a"), bytes("1"));
        String name = logs(other).get(0);
        CrashFileStore foreign = with(left, name, read(other, name));
        assertThatThrownBy(() -> open(foreign, 1))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining(name);
    }

    @Test
    void aLogWithoutAManifestThatKnowsItIsRefused() throws IOException {
        try (SteppedEnvironment stepped = environment(3)) {
            stepped.environment
                    .open(files, builder().durability(Durability.NONE).build())
                    .close();
        }
        CrashFileStore other = new CrashFileStore();
        open(other, 99).put(bytes("a"), bytes("1"));
        String name = logs(other).get(0);
        CrashFileStore stray = with(files, name, read(other, name));
        for (Durability durability : Durability.values()) {
            assertThatThrownBy(() -> environment(1)
                            .environment
                            .open(stray, builder().durability(durability).build()))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void garbageBehindTheLastSyncedRecordIsNoWrite() throws IOException {
        write(open(files, 7));
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        byte[] log = read(left, name);
        // sectors that were not written, then what is left of another write
        byte[] longer = Arrays.copyOf(log, log.length + 4096);
        System.arraycopy(log, 100, longer, log.length + 2048, Math.min(log.length - 100, 2000));
        assertSame(with(left, name, longer));
        assertSame(with(left, name, Arrays.copyOf(log, log.length + 3)));
    }

    @Test
    void aValueThatHoldsRecordsOfTheLogIsTornLikeAnyOther() throws IOException {
        Store store = open(files, 7);
        write(store);
        String name = logs(files).get(0);
        byte[] before = read(files, name);
        store.put(bytes("log"), Arrays.copyOf(before, before.length + 10));
        CrashFileStore left = files.afterKill();
        byte[] after = read(left, name);
        for (int cut = 1; cut <= 10; cut++) {
            assertSame(with(left, name, Arrays.copyOf(after, after.length - cut)));
        }
    }

    /** A restored store would have them beside itself, and could neither be opened nor restored again. */
    @Test
    void aRestoreBesideLogsOfALostStoreIsRefusedUntouched() throws IOException {
        Store store = open(files, 7);
        write(store);
        CrashFileStore backup = new CrashFileStore();
        byte[] metadata;
        SteppedEnvironment stepped = environment(8);
        try (Store from = stepped.environment.open(new CrashFileStore(), options())) {
            from.put(bytes("a"), bytes("1"));
            from.flush();
            Checkpoint checkpoint = from.checkpoint(bytes("c"));
            stepped.executor.drain();
            checkpoint.writeTo(backup);
            metadata = checkpoint.metadata();
        }
        CrashFileStore left = new CrashFileStore();
        left.putIfAbsent(logs(files).get(0), read(files, logs(files).get(0)));
        List<String> before = left.list();
        List<RestoreSource> sources = List.of(new RestoreSource(backup, metadata, KeyRange.all()));
        assertThatThrownBy(() -> stepped.environment.restore(left, options(), sources, bytes("r")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(logs(files).get(0))
                .hasMessageContaining("another directory");
        assertThat(left.list()).isEqualTo(before);
        left.delete(logs(files).get(0));
        try (Store restored = stepped.environment.restore(left, options(), sources, bytes("r"))) {
            assertThat(restored.get(bytes("a"))).isEqualTo(bytes("1"));
        }
    }

    @Test
    void anotherFormatIsRefusedByName() throws IOException {
        write(open(files, 7));
        CrashFileStore left = files.afterKill();
        String name = logs(left).get(0);
        byte[] log = read(left, name);
        CrashFileStore later = with(left, name, withVersion(log, 3));
        assertThatThrownBy(() -> open(later, 1))
                .isInstanceOf(FormatTooNewException.class)
                .hasMessageContaining(name)
                .hasMessageContaining("version 3");
        CrashFileStore earlier = with(left, name, withVersion(log, 1));
        assertThatThrownBy(() -> open(earlier, 1))
                .isInstanceOf(FormatTooOldException.class)
                .hasMessageContaining(name)
                .hasMessageContaining("version 1");
    }

    private static byte[] withVersion(byte[] log, int version) {
        byte[] other = log.clone();
        other[11] = (byte) version;
        ByteBuffer.wrap(other).putInt(32, Crc32c.masked(other, 0, 32));
        return other;
    }

    @Test
    void anEncryptedLogNeedsItsKey() throws IOException {
        encryption = KEYS;
        Store store = open(files, 7);
        write(store);
        CrashFileStore left = files.afterKill();
        assertSame(left);
        assertThatThrownBy(() -> environment(1)
                        .environment
                        .open(files.afterKill(), builder().encryption(null).build()))
                .isInstanceOf(EncryptionException.class);
    }

    /** One for each memtable, of which none is flushed. */
    private List<String> threeLogs() {
        Store store = open(files, 7);
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
                store.put(bytes("key" + j), bytes("value" + i));
                model.put(bytes("key" + j), bytes("value" + i));
            }
            if (i < 2) {
                store.checkpoint(bytes("")).close();
            }
        }
        return logs(files);
    }
}
