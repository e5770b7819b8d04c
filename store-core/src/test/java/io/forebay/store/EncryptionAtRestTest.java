package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.testing.RecordingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store with keys, as its users and those who steal its disk see it. */
class EncryptionAtRestTest {
    private static final byte[] PAYLOAD = bytes("SECRET-payload");
    /** Long and distinct, and neither key nor value is ever empty, so that none of them is in the files by chance. */
    private static final List<String> SECRETS = List.of(
            "SECRET-key",
            "SECRET-value",
            "SECRET-operand",
            "SECRET-payload",
            "SECRET-merge",
            "SECRET-store",
            "SECRET-range",
            "SECRET-ingested",
            "SECRET-large");

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final FileStore files = FileStores.inMemory();

    @AfterEach
    void close() {
        stepped.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static StoreOptions.Builder options(KeyProvider keys) {
        return StoreOptions.builder()
                .name("SECRET-store")
                .memtableBytes(4 << 10)
                .blockBytes(256)
                .targetFileBytes(8 << 10)
                .mergeFunction(new MergeFunction() {
                    private final MergeFunction append = MergeFunction.append((byte) ',');

                    @Override
                    public String name() {
                        return "SECRET-merge";
                    }

                    @Override
                    public byte[] merge(byte[] key, List<byte[]> values) {
                        return append.merge(key, values);
                    }
                })
                .encryption(keys);
    }

    private Store open(FileStore place, StoreOptions.Builder options) {
        return stepped.environment.open(place, options.build());
    }

    private static void fill(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            store.put(bytes(String.format("SECRET-key%05d", i)), bytes("SECRET-value" + i));
        }
    }

    private static void check(Store store, int from, int to) {
        for (int i = from; i < to; i++) {
            assertThat(store.get(bytes(String.format("SECRET-key%05d", i)))).isEqualTo(bytes("SECRET-value" + i));
        }
    }

    private Checkpoint complete(Checkpoint checkpoint) {
        while (!checkpoint.completion().isDone()) {
            stepped.executor.help();
        }
        return checkpoint;
    }

    /** Everything that a store can write, and every byte of it. */
    private Map<String, byte[]> writeEverything(KeyProvider keys, Durability durability) {
        Map<String, byte[]> all = new LinkedHashMap<>();
        RecordingFileStore place = new RecordingFileStore(FileStores.inMemory());
        RecordingFileStore exported = new RecordingFileStore(FileStores.inMemory());
        RecordingFileStore restored = new RecordingFileStore(FileStores.inMemory());
        try (Store store = open(place, options(keys).durability(durability))) {
            fill(store, 0, 200);
            store.merge(bytes("SECRET-key00007"), bytes("SECRET-operand"));
            store.put(bytes("SECRET-large"), bytes("SECRET-large".repeat(8000)));
            store.put(bytes("SECRET-range15"), bytes("SECRET-value"));
            store.commitDurably(PAYLOAD);
            store.deleteRange(bytes("SECRET-range1"), bytes("SECRET-range2"));
            store.delete(bytes("SECRET-key00003"));
            store.write(new WriteBatch()
                    .put(bytes("SECRET-key-of-batch"), bytes("SECRET-value"))
                    .merge(bytes("SECRET-key00008"), bytes("SECRET-operand")));
            store.flush();
            try (SortedIngest ingest = store.ingest()) {
                ingest.add(bytes("SECRET-ingested1"), bytes("SECRET-ingested"));
                ingest.finish();
            }
            try (Checkpoint checkpoint = complete(store.checkpoint(PAYLOAD))) {
                checkpoint.writeTo(exported);
                all.put("metadata", checkpoint.metadata());
                List<RestoreSource> sources = List.of(new RestoreSource(
                        place, checkpoint.metadata(), KeyRange.of(bytes("SECRET-key00002"), bytes("SECRET-range15"))));
                try (Store part =
                        stepped.environment.restore(restored, options(keys).build(), sources, PAYLOAD)) {
                    fill(part, 100, 110);
                    part.commitDurably(PAYLOAD);
                    part.compact();
                    check(part, 4, 7);
                }
            }
            store.compact();
            fill(store, 100, 300);
            store.commit(PAYLOAD);
        }
        place.written().forEach((name, content) -> all.put("store/" + name, content));
        exported.written().forEach((name, content) -> all.put("exported/" + name, content));
        restored.written().forEach((name, content) -> all.put("restored/" + name, content));
        return all;
    }

    private static Set<String> readable(Map<String, byte[]> all) {
        Set<String> found = new TreeSet<>();
        all.forEach((name, content) -> SECRETS.forEach(secret -> {
            if (TestKeys.contains(content, bytes(secret)) || name.contains(secret)) {
                found.add(secret);
            }
        }));
        return found;
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void nothingThatWasWrittenCanBeReadFromAnyFile(Durability durability) {
        Map<String, byte[]> plain = writeEverything(null, durability);
        // The store's name is nowhere even so; all else is what the test is able to find.
        assertThat(readable(plain)).hasSize(SECRETS.size() - 1).doesNotContain("SECRET-store");
        Map<String, byte[]> encrypted = writeEverything(TestKeys.provider("k"), durability);
        assertThat(encrypted.keySet()).hasSizeGreaterThan(10);
        assertThat(encrypted.keySet().stream().anyMatch(name -> name.contains("WAL-")))
                .isEqualTo(durability != Durability.NONE);
        assertThat(readable(encrypted)).isEmpty();
        assertThat(encrypted)
                .allSatisfy((name, content) -> assertThat(TestKeys.contains(content, bytes("SECRET")))
                        .as(name)
                        .isFalse());
    }

    /** Opening a store with a log writes the manifest and a new log, so these have the new key at once. */
    @Test
    void theKeyOfTheWriteAheadLogRotatesWithTheNextOpen() {
        try (Store store = open(files, options(TestKeys.provider("old")).durability(Durability.SYNCED))) {
            fill(store, 0, 5);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("old");
        }
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("new")).durability(Durability.SYNCED)))
                .isInstanceOf(EncryptionException.class);
        try (Store store = open(files, options(TestKeys.provider("new", "old")).durability(Durability.SYNCED))) {
            check(store, 0, 5);
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
        }
        try (Store store = open(
                files,
                options(TestKeys.provider("new")).durability(Durability.SYNCED).encryptedOnly(true))) {
            check(store, 0, 5);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
    }

    /** Same ids, same content, same master key: still no two files have more than their ends in common. */
    @Test
    void equalStoresLookDifferent() throws IOException {
        List<FileStore> places = List.of(FileStores.inMemory(), FileStores.inMemory());
        for (FileStore place : places) {
            try (SteppedEnvironment same = new SteppedEnvironment();
                    Store store = same.environment.open(
                            place, options(TestKeys.provider("k")).build())) {
                fill(store, 0, 100);
                store.commitDurably(PAYLOAD);
            }
        }
        assertThat(places.get(0).list()).isEqualTo(places.get(1).list()).hasSizeGreaterThan(1);
        for (String name : places.get(0).list()) {
            byte[] one = read(places.get(0), name);
            byte[] other = read(places.get(1), name);
            assertThat(one).hasSameSizeAs(other);
            int equal = 0;
            for (int i = 0; i < one.length; i++) {
                equal += one[i] == other[i] ? 1 : 0;
            }
            // One byte in 256 by chance, and magics, lengths and key ids.
            assertThat(equal).as(name).isLessThan(one.length / 64 + 64);
        }
    }

    private static byte[] read(FileStore place, String name) throws IOException {
        try (ReadableFile file = place.open(name)) {
            ByteBuffer content = ByteBuffer.allocate((int) file.size());
            file.read(0, content);
            return content.array();
        }
    }

    @Test
    void anEncryptedStoreNeedsItsKey() throws IOException {
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            fill(store, 0, 100);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("k");
        }
        List<String> before = files.list();
        assertThatThrownBy(() -> open(files, options(null)))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).startsWith("MANIFEST-");
                    assertThat(e.keyId()).isEqualTo("k");
                })
                .hasMessageContaining("StoreOptions.encryption");
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("other"))))
                .isInstanceOfSatisfying(
                        EncryptionException.class, e -> assertThat(e.keyId()).isEqualTo("k"));
        assertThatThrownBy(() -> open(files, options(TestKeys.impostor("k"))))
                .isInstanceOfSatisfying(
                        CorruptionException.class, e -> assertThat(e.file()).startsWith("MANIFEST-"));
        assertThat(files.list()).isEqualTo(before);
        try (Store store = open(files, options(TestKeys.provider("k")).encryptedOnly(true))) {
            check(store, 0, 100);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
    }

    @Test
    void aPlainStoreIsEncryptedAsItIsRewritten() {
        try (Store store = open(files, options(null))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
            assertThat(store.encryptionKeyIds()).isEmpty();
        }
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("k")).encryptedOnly(true)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining("compact");
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            check(store, 0, 300);
            assertThat(store.encryptionKeyIds()).isEmpty();
            fill(store, 300, 310);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("k");
            check(store, 0, 310);
        }
        // The manifest is encrypted and says so, but it lists plain files.
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("k")).encryptedOnly(true)))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(".sst");
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            store.compact();
            check(store, 0, 310);
        }
        try (Store store = open(files, options(TestKeys.provider("k")).encryptedOnly(true))) {
            check(store, 0, 310);
        }
    }

    @Test
    void keysRotate() throws IOException {
        try (Store store = open(files, options(TestKeys.provider("old")))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
        }
        try (Store store = open(files, options(TestKeys.provider("new", "old")))) {
            assertThat(store.encryptionKeyIds()).containsExactly("old");
            check(store, 0, 300);
            fill(store, 300, 310);
            store.commitDurably(PAYLOAD);
            assertThat(store.encryptionKeyIds()).containsExactly("new", "old");
        }
        // The manifest has the new key, old files the old one: that is noticed before anybody reads them.
        assertThatThrownBy(() -> open(files, options(TestKeys.provider("new"))))
                .isInstanceOfSatisfying(EncryptionException.class, e -> {
                    assertThat(e.file()).endsWith(".sst");
                    assertThat(e.keyId()).isEqualTo("old");
                });
        try (Store store = open(files, options(TestKeys.provider("new", "old")))) {
            check(store, 0, 310);
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
            check(store, 0, 310);
            assertThat(store.durablePayload()).isEqualTo(PAYLOAD);
        }
        stepped.executor.drain();
        try (Store store = open(files, options(TestKeys.provider("new")))) {
            check(store, 0, 310);
        }
        for (String name : files.list()) {
            assertThat(TestKeys.contains(read(files, name), bytes("old")))
                    .as(name)
                    .isFalse();
        }
    }

    /** Where nothing has to be merged and nothing was written, a compaction still replaces every file, once. */
    @Test
    void compactionRewritesWhatIsInOrderForTheSakeOfTheKey() {
        KeyProvider old = TestKeys.provider("old");
        try (Store store = open(files, options(old))) {
            fill(store, 0, 300);
            store.commitDurably(PAYLOAD);
            store.compact();
        }
        try (Store store = open(files, options(TestKeys.provider("new", "old")))) {
            store.compact();
            assertThat(store.encryptionKeyIds()).containsExactly("new");
            long compactions = store.statistics().compactions();
            assertThat(compactions).isPositive();
            store.compact();
            assertThat(store.statistics().compactions()).isEqualTo(compactions);
            check(store, 0, 300);
        }
        try (Store empty = open(FileStores.inMemory(), options(old))) {
            empty.compact();
            assertThat(empty.encryptionKeyIds()).containsExactly("old");
        }
    }

    @Test
    void checkpointsNeedTheKeyToo() {
        try (Store store = open(files, options(TestKeys.provider("old")))) {
            fill(store, 0, 100);
            try (Checkpoint checkpoint = complete(store.checkpoint(PAYLOAD))) {
                byte[] metadata = checkpoint.metadata();
                assertThat(checkpoint.metadata()).isEqualTo(metadata);
                assertThatThrownBy(() -> Environment.describe(metadata))
                        .isInstanceOfSatisfying(
                                EncryptionException.class,
                                e -> assertThat(e.keyId()).isEqualTo("old"));
                CheckpointDescription description = Environment.describe(metadata, TestKeys.provider("old"));
                assertThat(description.files()).isEqualTo(checkpoint.files());
                assertThat(description.payload()).isEqualTo(PAYLOAD);
                assertThat(description.keyIds()).containsExactly("old");

                List<RestoreSource> sources = List.of(new RestoreSource(files, metadata, KeyRange.all()));
                FileStore place = FileStores.inMemory();
                assertThatThrownBy(() ->
                                stepped.environment.restore(place, options(null).build(), sources, PAYLOAD))
                        .isInstanceOf(EncryptionException.class);
                StoreOptions rotated = options(TestKeys.provider("new", "old")).build();
                try (Store restored = stepped.environment.restore(place, rotated, sources, PAYLOAD)) {
                    check(restored, 0, 100);
                    assertThat(restored.encryptionKeyIds()).containsExactly("new", "old");
                    restored.compact();
                    assertThat(restored.encryptionKeyIds()).containsExactly("new");
                }
            }
        }
    }

    @Test
    void aPlainCheckpointBecomesAnEncryptedStoreUnlessThatIsForbidden() {
        try (Store store = open(files, options(null))) {
            fill(store, 0, 100);
            try (Checkpoint checkpoint = complete(store.checkpoint(PAYLOAD))) {
                assertThat(Environment.describe(checkpoint.metadata(), TestKeys.provider("k"))
                                .keyIds())
                        .isEmpty();
                List<RestoreSource> sources = List.of(new RestoreSource(files, checkpoint.metadata(), KeyRange.all()));
                FileStore place = FileStores.inMemory();
                StoreOptions.Builder encrypted = options(TestKeys.provider("k"));
                assertThatThrownBy(() -> stepped.environment.restore(
                                FileStores.inMemory(),
                                options(TestKeys.provider("k"))
                                        .encryptedOnly(true)
                                        .build(),
                                sources,
                                PAYLOAD))
                        .isInstanceOf(EncryptionException.class);
                try (Store restored = stepped.environment.restore(place, encrypted.build(), sources, PAYLOAD)) {
                    restored.compact();
                    assertThat(restored.encryptionKeyIds()).containsExactly("k");
                }
                try (Store restored = open(place, encrypted.encryptedOnly(true))) {
                    check(restored, 0, 100);
                }
            }
        }
    }

    /** Somebody puts a plain file with another content under the name of an encrypted one. */
    @Test
    void aFileThatWasReplacedByAPlainOneIsRefused() throws IOException {
        FileStore forged = FileStores.inMemory();
        try (SteppedEnvironment same = new SteppedEnvironment();
                Store store = same.environment.open(
                        files, options(TestKeys.provider("k")).build())) {
            fill(store, 0, 10);
            store.commitDurably(PAYLOAD);
        }
        try (SteppedEnvironment same = new SteppedEnvironment();
                Store store = same.environment.open(forged, options(null).build())) {
            store.put(bytes("SECRET-key00000"), bytes("forged"));
            store.commitDurably(PAYLOAD);
        }
        List<String> tables =
                files.list().stream().filter(name -> name.endsWith(".sst")).toList();
        assertThat(tables).hasSize(1).allMatch(name -> contains(forged, name));
        files.delete(tables.get(0));
        files.linkFrom(forged, tables.get(0));
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            assertThatThrownBy(() -> store.get(bytes("SECRET-key00000")))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(tables.get(0))
                    .hasMessageContaining("\"k\"");
        }
    }

    /** Somebody without a key makes a plain manifest for encrypted files, to hide some of them or to put back old ones. */
    @Test
    void aPlainManifestOfEncryptedFilesIsRefused() throws IOException {
        FileStore forged = FileStores.inMemory();
        for (KeyProvider keys : new KeyProvider[] {TestKeys.provider("k"), null}) {
            try (SteppedEnvironment same = new SteppedEnvironment();
                    Store store = same.environment.open(
                            keys == null ? forged : files, options(keys).build())) {
                fill(store, 0, 10);
                store.commitDurably(PAYLOAD);
            }
        }
        List<String> manifests = forged.list().stream()
                .filter(name -> name.startsWith("MANIFEST"))
                .toList();
        for (String name : manifests) {
            files.delete(name);
            files.linkFrom(forged, name);
        }
        // The ids are the same, so the forged manifest lists the encrypted files, as plain ones.
        try (Store store = open(files, options(TestKeys.provider("k")))) {
            assertThatThrownBy(() -> check(store, 0, 10))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("a plain file, as the manifest says");
        }
    }

    private static boolean contains(FileStore place, String name) {
        try {
            return place.exists(name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** As when a disk cannot be written: nothing is lost, and reads go on. */
    @Test
    void aKeyServiceThatIsDownStopsFlushesOnly() {
        KeyProvider keys = TestKeys.provider("k");
        boolean[] down = {false};
        List<String> asked = new ArrayList<>();
        KeyProvider service = new KeyProvider() {
            @Override
            public String currentKeyId() {
                return keys.currentKeyId();
            }

            @Override
            public WrappedKey wrap(byte[] dataKey) throws IOException, GeneralSecurityException {
                asked.add("wrap");
                if (down[0]) {
                    throw new IOException("no route to the key service");
                }
                return keys.wrap(dataKey);
            }

            @Override
            public byte[] unwrap(String keyId, byte[] wrapped) throws IOException, GeneralSecurityException {
                asked.add("unwrap");
                return keys.unwrap(keyId, wrapped);
            }
        };
        Store store = open(files, options(service));
        fill(store, 0, 20);
        store.commitDurably(PAYLOAD);
        check(store, 0, 20);
        assertThat(asked).containsExactly("wrap", "wrap", "unwrap");
        down[0] = true;
        fill(store, 20, 30);
        assertThatThrownBy(() -> store.commitDurably(PAYLOAD))
                .isInstanceOf(StoreException.class)
                .hasStackTraceContaining("no route to the key service");
        check(store, 0, 30);
        assertThatThrownBy(store::close).hasStackTraceContaining("no route to the key service");
        down[0] = false;
        try (Store again = open(files, options(service))) {
            check(again, 0, 20);
        }
    }

    @Test
    void optionsThatContradictAreRefused() {
        assertThatThrownBy(() -> StoreOptions.builder().encryptedOnly(true).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("encryption");
        assertThat(StoreOptions.defaults().encryption()).isNull();
        assertThat(StoreOptions.defaults().encryptedOnly()).isFalse();
    }
}
