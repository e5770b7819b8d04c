package io.forebay.store.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Checkpoint;
import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.EncryptionException;
import io.forebay.store.FileStore;
import io.forebay.store.FileStores;
import io.forebay.store.KeyProvider;
import io.forebay.store.KeyRange;
import io.forebay.store.RestoreSource;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.RecordingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store with keys, as those who steal its disk, or write to it, see it. */
class EncryptionAtRestTest extends EncryptedStores {
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

    @Test
    void optionsThatContradictAreRefused() {
        assertThatThrownBy(() -> StoreOptions.builder().encryptedOnly(true).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("encryption");
        assertThat(StoreOptions.defaults().encryption()).isNull();
        assertThat(StoreOptions.defaults().encryptedOnly()).isFalse();
    }
}
