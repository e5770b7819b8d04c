package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.FileStore;
import io.forebay.store.KeyRange;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadableFile;
import io.forebay.store.RestoreSource;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreIterator;
import io.forebay.store.StoreOptions;
import io.forebay.store.TestLimits;
import io.forebay.store.WriteBatch;
import io.forebay.store.db.state.EngineLimits;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.Model;
import io.forebay.store.wal.WriteAheadLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is too large is refused by name, and the store goes on. */
final class LimitsTest {
    private static final MergeFunction APPEND = MergeFunction.append((byte) ',');
    private static final KeyRange ALL = KeyRange.all();

    private final FileStore files = new MemoryFileStore();

    private static Environment environment(EngineLimits limits) {
        return TestLimits.limits(Environment.builder().memoryBytes(8 << 20), limits)
                .build();
    }

    // ---- a batch in a write-ahead log

    private static final EngineLimits SMALL_RECORDS = new EngineLimits(1 << 20, 1 << 20, 10_000, Long.MAX_VALUE);

    @Test
    void aBatchThatNoLogRecordHoldsIsRefusedBeforeItIsApplied() {
        StoreOptions options =
                StoreOptions.builder().durability(Durability.BUFFERED).build();
        try (Environment environment = environment(SMALL_RECORDS);
                Store store = environment.open(files, options)) {
            store.put(bytes("k"), bytes("before"));
            WriteBatch batch = new WriteBatch().put(bytes("k"), bytes("batch"));
            for (int i = 0; i < 11; i++) {
                batch.put(bytes("large" + i), new byte[1_000]);
            }
            assertThatThrownBy(() -> store.write(batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("A write batch of " + batch.sizeInBytes() + " bytes in 12 operations")
                    .hasMessageContaining("at most 10000 bytes");
            assertThat(store.statistics().readOnlyCause()).isNull();
            assertThat(store.get(bytes("k"))).isEqualTo(bytes("before"));
            assertThat(store.get(bytes("large0"))).isNull();
            store.put(bytes("k"), bytes("after"));
            store.sync();
        }
        try (Environment environment = environment(SMALL_RECORDS);
                Store store = environment.open(files, options)) {
            assertThat(store.get(bytes("k"))).isEqualTo(bytes("after"));
            assertThat(store.get(bytes("large0"))).isNull();
        }
    }

    // ---- operands of one key

    private static final EngineLimits SMALL_VALUES =
            new EngineLimits(2_000, 300, WriteAheadLog.MAX_RECORD_BYTES, Long.MAX_VALUE);

    private static final StoreOptions MERGING = StoreOptions.builder()
            .mergeFunction(APPEND)
            .memtableBytes(16 << 10)
            .compactionFilter((key, keyLength, value, length) -> length > 0 && value[0] == 'D' && key[0] == 'f')
            .build();

    @Test
    void aKeyWhoseOperandsBecameTooLongIsRefusedByItsReadsOnly() {
        try (Environment environment = environment(SMALL_VALUES);
                Store store = environment.open(files, MERGING)) {
            for (int i = 0; i < 30; i++) {
                store.merge(bytes("long"), "x".repeat(99).getBytes(UTF_8));
                store.put(bytes("other"), bytes("value " + i));
                if (i % 4 == 0) {
                    store.flush();
                }
            }
            for (int round = 0; round < 2; round++) {
                assertThatThrownBy(() -> store.get(bytes("long")))
                        .isInstanceOf(StoreException.class)
                        .hasMessageContaining("a value has at most 2000");
                assertThatThrownBy(() -> store.multiGet(List.of(bytes("long")))).isInstanceOf(StoreException.class);
                try (StoreIterator iterator = store.iterator(ALL)) {
                    assertThatThrownBy(iterator::seekToFirst)
                            .isInstanceOf(StoreException.class)
                            .hasMessageContaining("a value has at most 2000");
                    iterator.seek(bytes("m"));
                    assertThat(iterator.key()).isEqualTo(bytes("other"));
                }
                assertThat(store.get(bytes("other"))).isEqualTo(bytes("value 29"));
                assertThat(store.statistics().readOnlyCause()).isNull();
                store.commitDurably(bytes("c" + round));
                store.compact();
                assertThat(store.verify().isClean()).isTrue();
            }
            store.delete(bytes("long"));
            store.merge(bytes("long"), bytes("new"));
            store.compact();
            assertThat(store.get(bytes("long"))).isEqualTo(bytes("new"));
        }
    }

    @Test
    void operandsThatAreFoldedInPartsReadAsBefore() {
        Random random = new Random(5);
        Model model = new Model();
        try (Environment environment = environment(SMALL_VALUES);
                Store store = environment.open(files, MERGING)) {
            for (int i = 0; i < 3_000; i++) {
                byte[] key = bytes((random.nextBoolean() ? "f" : "k") + random.nextInt(6));
                byte[] value = bytes("v".repeat(random.nextInt(160)) + i);
                switch (random.nextInt(12)) {
                    case 0 -> {
                        store.delete(key);
                        model.delete(key);
                    }
                    case 1 -> {
                        store.put(key, value);
                        model.put(key, value);
                    }
                    case 2 -> {
                        byte[] to = bytes("k" + random.nextInt(3));
                        store.deleteRange(key, to);
                        model.deleteRange(key, to);
                    }
                    case 3 -> {
                        if (random.nextInt(4) == 0) {
                            store.compact();
                        } else {
                            store.flush();
                        }
                        store.commit(bytes("c" + i));
                    }
                    default -> {
                        byte[] old = model.get(key);
                        if (old == null || old.length + 1 + value.length <= 2_000) {
                            store.merge(key, value);
                            model.merge(key, value);
                        }
                    }
                }
                if (i % 100 == 0) {
                    model.assertSame(store, ALL, "after " + i);
                }
            }
            store.compact();
            model.assertSame(store, ALL, "at the bottom");
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    /** The filter would drop the value if it were alone; under operands that stay apart it is a part of the whole. */
    @Test
    void aFilterIsNotAskedForAValueUnderOperandsThatStayApart() {
        try (Environment environment = environment(SMALL_VALUES);
                Store store = environment.open(files, MERGING)) {
            String base = "D".repeat(280);
            store.put(bytes("f"), bytes(base));
            for (int i = 0; i < 4; i++) {
                store.merge(bytes("f"), bytes("o".repeat(90)));
                store.flush();
            }
            store.commitDurably(bytes("c"));
            store.compact();
            assertThat(new String(store.get(bytes("f")), UTF_8)).isEqualTo(base + ("," + "o".repeat(90)).repeat(4));
            store.put(bytes("f"), bytes(base));
            store.commitDurably(bytes("d"));
            store.compact();
            assertThat(store.get(bytes("f"))).isNull();
        }
    }

    // ---- what the manifest holds

    @Test
    void payloadsHaveALimit() {
        byte[] tooLong = new byte[Store.MAX_PAYLOAD_BYTES + 1];
        try (Environment environment = environment(EngineLimits.DEFAULT);
                Store store = environment.open(files, StoreOptions.defaults())) {
            List<Runnable> refused = List.of(
                    () -> store.commit(tooLong),
                    () -> store.commitDurably(tooLong),
                    () -> store.checkpoint(tooLong),
                    () -> environment.restore(new MemoryFileStore(), StoreOptions.defaults(), List.of(), tooLong));
            for (Runnable call : refused) {
                assertThatThrownBy(call::run)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("Payload of 67108865 bytes; a payload has at most 67108864 bytes");
            }
            store.put(bytes("k"), bytes("v"));
            store.commitDurably(new byte[100_000]);
            assertThat(store.durablePayload()).hasSize(100_000);
        }
    }

    /** Keys as long as these are in the files once; as bounds of files they were in each manifest, and in each edit, too. */
    @Test
    void longKeysDoNotMakeTheManifestLong() throws IOException {
        Random random = new Random(3);
        Model model = new Model();
        StoreOptions options = StoreOptions.builder()
                .memtableBytes(64 << 10)
                .targetFileBytes(64 << 10)
                .mergeFunction(APPEND)
                .build();
        try (Environment environment = environment(EngineLimits.DEFAULT)) {
            try (Store store = environment.open(files, options)) {
                List<byte[]> keys = new ArrayList<>();
                for (int i = 0; i < 60; i++) {
                    keys.add(longKey(random));
                }
                for (int i = 0; i < 240; i++) {
                    byte[] key = keys.get(random.nextInt(keys.size()));
                    byte[] other = keys.get(random.nextInt(keys.size()));
                    if (i % 16 == 9 && java.util.Arrays.compareUnsigned(key, other) < 0) {
                        store.deleteRange(key, other);
                        model.deleteRange(key, other);
                    } else {
                        store.put(key, bytes("value " + i));
                        model.put(key, bytes("value " + i));
                    }
                    if (i % 8 == 0) {
                        store.commitDurably(bytes("c" + i));
                    }
                }
                store.commitDurably(bytes("last"));
                store.compact();
                check(store, model);
                assertThat(store.statistics().liveFiles()).isGreaterThan(1);
                try (Checkpoint checkpoint = store.checkpoint(bytes("checkpoint"))) {
                    checkpoint.completion().join();
                    RestoreSource source = new RestoreSource(files, checkpoint.metadata(), ALL);
                    try (Store copy = environment.restore(new MemoryFileStore(), options, List.of(source), bytes(""))) {
                        check(copy, model);
                    }
                }
            }
            long manifests = 0;
            for (String name : files.list()) {
                if (name.startsWith("MANIFEST")) {
                    try (ReadableFile file = files.open(name)) {
                        manifests += file.size();
                    }
                }
            }
            assertThat(manifests).isLessThan(500_000);
            try (Store store = environment.open(files, options)) {
                check(store, model);
                store.compact();
                check(store, model);
            }
        }
    }

    /** Where two sources meet, only the whole of a long key tells their files from each other. */
    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void clipsThatMeetAtLongKeysAreCompactedToTheEnd() {
        Random random = new Random(7);
        Model model = new Model();
        FileStore joined = new MemoryFileStore();
        byte[][] cuts = {new byte[0], alikeKey(30), alikeKey(60), null};
        try (Environment environment = environment(EngineLimits.DEFAULT)) {
            List<RestoreSource> sources = new ArrayList<>();
            for (int source = 0; source < 3; source++) {
                int first = source * 30;
                KeyRange clip = KeyRange.of(cuts[source], cuts[source + 1]);
                FileStore backup = new MemoryFileStore();
                try (Store store = environment.open(new MemoryFileStore(), StoreOptions.defaults())) {
                    for (int round = 0; round < 3; round++) {
                        for (int i = 0; i < 90; i++) {
                            byte[] value = bytes("value " + source + " " + round + " " + i);
                            store.put(alikeKey(i), value);
                            if (clip.contains(alikeKey(i))) {
                                model.put(alikeKey(i), value);
                            }
                        }
                        byte[] to = alikeKey(first + random.nextInt(5));
                        store.deleteRange(alikeKey(0), to);
                        model.deleteRange(alikeKey(first), to);
                        store.commitDurably(bytes("c" + round));
                        if (round == 0) {
                            store.compact();
                        }
                    }
                    try (Checkpoint checkpoint = store.checkpoint(bytes(""))) {
                        checkpoint.completion().join();
                        checkpoint.writeTo(backup);
                        sources.add(new RestoreSource(backup, checkpoint.metadata(), clip));
                    }
                }
            }
            try (Store store = environment.restore(joined, StoreOptions.defaults(), sources, bytes(""))) {
                check(store, model);
                store.compact();
                check(store, model);
            }
            try (Store store = environment.open(joined, StoreOptions.defaults())) {
                check(store, model);
                store.put(alikeKey(45), bytes("new"));
                model.put(alikeKey(45), bytes("new"));
                store.commitDurably(bytes("last"));
                store.compact();
                check(store, model);
            }
        }
    }

    /** The bounds of files in the manifest end before these keys differ. */
    private static byte[] alikeKey(int number) {
        return bytes("k".repeat(1_090) + (100 + number));
    }

    @Test
    void clippedFilesWithLongKeysAreWhole() {
        try (Environment environment = environment(EngineLimits.DEFAULT);
                Store store = environment.open(files, StoreOptions.defaults())) {
            for (byte i = 0; i < 10; i++) {
                byte[] key = new byte[1_100];
                key[0] = i;
                store.put(key, bytes("value"));
            }
            try (Checkpoint checkpoint = store.checkpoint(bytes(""))) {
                checkpoint.completion().join();
                for (KeyRange clip : List.of(
                        KeyRange.of(null, new byte[] {5}),
                        KeyRange.of(new byte[] {5}, null),
                        KeyRange.prefix(new byte[] {7}))) {
                    RestoreSource source = new RestoreSource(files, checkpoint.metadata(), clip);
                    try (Store part = environment.restore(
                            new MemoryFileStore(), StoreOptions.defaults(), List.of(source), bytes(""))) {
                        assertThat(part.verify().isClean())
                                .as("%s", part.verify())
                                .isTrue();
                        part.compact();
                        assertThat(part.verify().isClean())
                                .as("%s", part.verify())
                                .isTrue();
                    }
                }
            }
        }
    }

    /** Most share more than their neighbours' bounds may have in the manifest; some end within it, some are all 0xFF there. */
    private static byte[] longKey(Random random) {
        byte[] key = new byte[random.nextInt(4) == 0 ? random.nextInt(1_200) : 9_000 + random.nextInt(2_000)];
        java.util.Arrays.fill(key, (byte) (random.nextInt(8) == 0 ? 0xFF : 'a' + random.nextInt(3)));
        for (int at : new int[] {1_023, 1_024, 1_025, 8_000}) {
            if (at < key.length && random.nextBoolean()) {
                key[at] = (byte) random.nextInt(256);
            }
        }
        return key;
    }

    private static void check(Store store, Model model) {
        model.assertSame(store, ALL, "long keys");
        for (byte[] key : model.map().keySet()) {
            assertThat(store.get(key)).isEqualTo(model.get(key));
        }
        assertThat(store.verify().isClean()).as("%s", store.verify()).isTrue();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
