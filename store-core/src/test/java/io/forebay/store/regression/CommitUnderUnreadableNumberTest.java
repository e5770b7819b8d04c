package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.Durability;
import io.forebay.store.ReadableFile;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * After an empty foreign file {@code MANIFEST-9999999999999999}, or a log of that number, the next commit went to a
 * file that no open recognises: the store could not be opened again.
 */
class CommitUnderUnreadableNumberTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    private final SteppedEnvironment stepped = new SteppedEnvironment();
    private final CrashFileStore disk = new CrashFileStore();

    @AfterEach
    void closeEverything() {
        stepped.close();
    }

    private static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability);
    }

    private void commit(int round, Durability durability) {
        try (Store store = stepped.open(disk, options(durability))) {
            if (round > 0) {
                assertThat(store.get(KEY)).containsExactly(round - 1);
            }
            store.put(KEY, new byte[] {(byte) round});
            store.commitDurably(new byte[] {(byte) round});
        }
    }

    private void put(String name, byte[] content) throws Exception {
        try (WritableFile file = disk.create(name)) {
            file.append(ByteBuffer.wrap(content));
            file.sync();
        }
        disk.syncDirectory();
    }

    private List<String> names(boolean withoutManifests) {
        return disk.list().stream()
                .filter(file -> !withoutManifests || !file.startsWith("MANIFEST"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MANIFEST-9999999999999999",
                "MANIFEST-9999999999999998",
                "MANIFEST-1000000000000009",
                "WAL-9999999999999999",
                "WAL-9999999999999998",
                "WAL-1000000000000009"
            })
    void oneThatLeavesNoneBehindItIsRefusedByName(String name) throws Exception {
        for (Durability durability : List.of(Durability.SYNCED, Durability.NONE)) {
            commit(0, Durability.SYNCED);
            put(name, new byte[0]);
            boolean log = name.startsWith("WAL"); // those are looked at when a new manifest was begun
            List<String> before = names(log);
            assertThatThrownBy(() -> stepped.open(disk, options(durability)))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(name);
            assertThat(names(log)).isEqualTo(before);
            disk.delete(name);
            commit(1, Durability.SYNCED);
            for (String left : disk.list()) {
                disk.delete(left);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MANIFEST-0000000000000077",
                "MANIFEST-0999999999999999",
                "WAL-0000000000000077",
                "WAL-0999999999999999"
            })
    void oneThatLeavesEnoughIsPassedOver(String name) throws Exception {
        commit(0, Durability.SYNCED);
        put(name, new byte[0]);
        for (int round = 1; round < 4; round++) {
            commit(round, Durability.SYNCED);
        }
    }

    @Test
    void aWholeManifestUnderTheLastNumberIsRefused() throws Exception {
        commit(0, Durability.NONE);
        String name = disk.list().stream()
                .filter(file -> file.startsWith("MANIFEST-"))
                .findFirst()
                .orElseThrow();
        byte[] content;
        try (ReadableFile file = disk.open(name)) {
            content = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(content));
        }
        put("MANIFEST-9999999999999999", content);
        assertThatThrownBy(() -> stepped.open(disk, options(Durability.NONE)))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("MANIFEST-9999999999999999");
        disk.delete("MANIFEST-9999999999999999");
        commit(1, Durability.NONE);
    }
}
