package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.CorruptionException;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Damage is answered with the name of the file and what to do, and costs what is damaged only. */
class DamageErrorsTest {
    private static final byte[] A = {'a'};
    private static final byte[] NONE = {};
    private final CrashFileStore files = new CrashFileStore();

    @Test
    void aDamagedBlockIsNamedAndTheRestStaysReadable() {
        CorruptionException damage = damaged(name -> files.damage(name, 20));
        assertThat(damage.file()).endsWith(".sst");
        assertThat(damage.offset()).isNotNegative();
        assertThat(damage).hasMessageContaining(damage.file()).hasMessageContaining("checkpoint");
    }

    @Test
    void aDamagedFooterIsNamed() {
        CorruptionException damage = damaged(name -> files.damage(name, files.size(name) - 5));
        assertThat(damage.file()).endsWith(".sst");
    }

    private static void writeFile(Store store, int rows) {
        for (int i = 0; i < rows; i++) {
            store.put(("key" + i).getBytes(UTF_8), new byte[50]);
        }
        store.commitDurably(NONE);
    }

    private String firstFile(Predicate<String> wanted) {
        return files.list().stream().filter(wanted).findFirst().orElseThrow();
    }

    private CorruptionException damaged(Consumer<String> damage) {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            writeFile(stepped.open(files), 1000);
        }
        String table = firstFile(name -> name.endsWith(".sst"));
        damage.accept(table);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            Throwable thrown = catchThrowable(() -> {
                for (int i = 0; i < 1000; i++) {
                    store.get(("key" + i).getBytes(UTF_8));
                }
            });
            assertThat(thrown).isInstanceOf(CorruptionException.class);
            assertThat(((CorruptionException) thrown).file()).isEqualTo(table);
            return (CorruptionException) thrown;
        }
    }

    @Test
    void aCompactionThatMeetsDamageMakesTheStoreReadOnly() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            writeFile(store, 100);
            writeFile(store, 100);
        }
        String table = firstFile(name -> name.endsWith(".sst"));
        files.damage(table, 20);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            assertThatThrownBy(store::compact).isInstanceOf(CorruptionException.class);
            assertThatThrownBy(() -> store.put(A, A))
                    .isInstanceOf(ReadOnlyStoreException.class)
                    .hasCauseInstanceOf(CorruptionException.class)
                    .hasMessageContaining(table);
            assertThat(store.get(A)).isNull();
        }
    }

    @Test
    void aDamagedManifestIsNamed() {
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            Store store = stepped.open(files);
            store.put(A, A);
            store.commitDurably(NONE);
            store.commitDurably(A);
        }
        String manifest = firstFile(name -> name.startsWith("MANIFEST"));
        files.damage(manifest, 14);
        try (SteppedEnvironment stepped = new SteppedEnvironment()) {
            assertThatThrownBy(() -> stepped.open(files))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining(manifest);
        }
    }
}
