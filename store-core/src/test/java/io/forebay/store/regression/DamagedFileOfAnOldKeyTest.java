package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.CorruptionException;
import io.forebay.store.EncryptionException;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.VerificationReport;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.TestKeys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * After a key rotation a damaged file of the old key kept the store from being opened, as if the key were missing, and
 * kept {@code verify} from finding other damage. Where one file needed a lost key, {@code verify} threw and looked at
 * no other file.
 */
class DamagedFileOfAnOldKeyTest {
    private final CrashFileStore files = new CrashFileStore();
    private final SteppedEnvironment stepped = new SteppedEnvironment(2 << 20, new Random(1));
    private List<String> old;

    @BeforeEach
    void rotate() {
        try (Store store = open("old")) {
            commit(store, "a");
            commit(store, "b");
        }
        old = tables();
        try (Store store = open("new", "old")) {
            commit(store, "c");
        }
        assertThat(old).hasSize(2);
        assertThat(tables()).hasSize(3);
    }

    @AfterEach
    void close() {
        stepped.close();
    }

    private Store open(String... keys) {
        return stepped.open(files, StoreOptions.builder().encryption(TestKeys.provider(keys)));
    }

    private static void commit(Store store, String key) {
        store.put(key.getBytes(UTF_8), key.getBytes(UTF_8));
        store.commitDurably(key.getBytes(UTF_8));
    }

    private List<String> tables() {
        return files.list().stream().filter(name -> name.endsWith(".sst")).toList();
    }

    private void damage(String name) {
        files.damage(name, files.size(name) - 30);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theOthersAreRead(int which) {
        damage(old.get(which));
        try (Store store = open("new", "old")) {
            assertThat(store.get("c".getBytes(UTF_8))).isEqualTo("c".getBytes(UTF_8));
            assertThat(readable(store)).isEqualTo(1);
        }
        // whichever is whole still says that the key is needed
        assertThatThrownBy(() -> open("new")).isInstanceOf(EncryptionException.class);
    }

    @Test
    void soTheyAreWhenOneIsMissing() throws IOException {
        files.delete(old.get(0));
        files.delete(old.get(1));
        try (Store store = open("new", "old")) {
            assertThat(store.get("c".getBytes(UTF_8))).isEqualTo("c".getBytes(UTF_8));
            assertThat(readable(store)).isZero();
        }
    }

    @Test
    void verifyNamesThemAll() {
        tables().forEach(this::damage);
        VerificationReport report = stepped.environment.verify(files, TestKeys.provider("new", "old"));
        assertThat(report.files().stream().filter(file -> !file.isClean()).map(file -> file.name()))
                .containsExactlyInAnyOrderElementsOf(tables());
    }

    /** Whoever lost a key learns which files need it, and what else is wrong. */
    @Test
    void verifyNamesThoseThatALostKeyTakesAndOthers() {
        List<String> bad = new ArrayList<>(old);
        String fresh = tables().stream()
                .filter(name -> !old.contains(name))
                .findFirst()
                .orElseThrow();
        assertThat(damagedWithout("old")).containsExactlyInAnyOrderElementsOf(bad);
        damage(fresh);
        bad.add(fresh);
        assertThat(damagedWithout("old")).containsExactlyInAnyOrderElementsOf(bad);
    }

    private List<String> damagedWithout(String key) {
        assertThatThrownBy(() -> open("new"))
                .isInstanceOf(EncryptionException.class)
                .hasMessageContaining(key);
        VerificationReport report = stepped.environment.verify(files, TestKeys.provider("new"));
        return report.files().stream()
                .filter(file -> !file.isClean())
                .map(file -> file.name())
                .toList();
    }

    private static int readable(Store store) {
        int read = 0;
        for (String key : List.of("a", "b")) {
            try {
                assertThat(store.get(key.getBytes(UTF_8))).isEqualTo(key.getBytes(UTF_8));
                read++;
            } catch (CorruptionException e) {
                assertThat(e.file()).endsWith(".sst");
            }
        }
        return read;
    }
}
