package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.FileStore;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.Store;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashChoice;
import io.forebay.store.testing.CrashChoice.Names;
import io.forebay.store.testing.CrashChoice.Tails;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An open on a full disk deleted files that a manifest named whose own name could not be synced, before that manifest
 * was gone for sure: a power loss brought it back without them.
 */
class FilesOfGivenUpManifestDeletedTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final String MANIFEST = "MANIFEST-0000000000000001";
    private static final String GIVEN_UP = "MANIFEST-0000000000000002";

    /** As the end of the process leaves it. */
    private CrashFileStore left;

    @BeforeEach
    void giveUp() {
        CrashFileStore disk = new CrashFileStore();
        boolean[] failing = {false};
        FileStore files = new ForwardingFileStore(disk) {
            @Override
            public WritableFile create(String name) throws IOException {
                return new Writer(super.create(name)) {
                    @Override
                    public void append(ByteBuffer bytes) throws IOException {
                        if (failing[0] && name.equals(MANIFEST)) {
                            throw new IOException("An append fails");
                        }
                        super.append(bytes);
                    }
                };
            }

            @Override
            public void syncDirectory() throws IOException {
                if (failing[0] && disk.exists(GIVEN_UP)) {
                    throw new IOException("A sync of the directory fails");
                }
                super.syncDirectory();
            }
        };
        try (SteppedEnvironment first = new SteppedEnvironment(2 << 20, new Random(1))) {
            Store store = first.open(files);
            store.put(KEY, "1".getBytes(UTF_8));
            store.commitDurably("c1".getBytes(UTF_8));
            store.put(KEY, "2".getBytes(UTF_8));
            failing[0] = true;
            assertThatThrownBy(() -> store.commitDurably("c2".getBytes(UTF_8)))
                    .isInstanceOf(ReadOnlyStoreException.class);
            assertThatThrownBy(store::resume).isInstanceOf(ReadOnlyStoreException.class);
            assertThat(disk.list()).contains(MANIFEST).doesNotContain(GIVEN_UP);
            left = disk.afterKill();
            store.discard();
        }
        assertThat(left.list().stream().filter(name -> name.endsWith(".sst"))).hasSizeGreaterThan(1);
        CrashChoice creates = new CrashChoice(Names.CREATES, Tails.NONE, new Random(1));
        assertThat(left.afterCrash(creates).list()).contains(GIVEN_UP);
    }

    private FileStore full(boolean syncsFail) {
        return new ForwardingFileStore(left) {
            @Override
            public WritableFile create(String name) throws IOException {
                throw new IOException("No space left on device");
            }

            @Override
            public void syncDirectory() throws IOException {
                if (syncsFail) {
                    throw new IOException("A sync of the directory fails");
                }
                super.syncDirectory();
            }
        };
    }

    @Test
    void anOpenThatMakesRoomDeletesNothingThatItMayName() {
        List<String> before = left.list();
        List<CrashFileStore> crashed = new ArrayList<>();
        left.disk().watch(change -> {
            for (int seed = 0; seed < 30; seed++) {
                crashed.add(left.afterCrash(new Random(seed)));
            }
        });
        openToRead(full(false));
        assertThat(left.list()).hasSizeLessThan(before.size()); // there is something to be lost
        crashed.forEach(FilesOfGivenUpManifestDeletedTest::check);
    }

    @Test
    void nothingIsDeletedWhereItsDeletionCannotBeMadeDurable() {
        List<String> before = left.list();
        openToRead(full(true));
        assertThat(left.list()).isEqualTo(before);
        for (int seed = 0; seed < 30; seed++) {
            check(left.afterCrash(new Random(seed)));
        }
    }

    private static void openToRead(FileStore files) {
        try (SteppedEnvironment second = new SteppedEnvironment(2 << 20, new Random(2))) {
            Store store = second.open(files);
            assertThat(store.get(KEY)).isEqualTo("1".getBytes(UTF_8));
            assertThat(store.statistics().readOnlyCause()).contains("No space left on device");
            store.discard();
        }
    }

    /** The second commit was answered with an error: it may be there, or not. */
    private static void check(CrashFileStore crashed) {
        try (SteppedEnvironment third = new SteppedEnvironment(2 << 20, new Random(3))) {
            Store store = third.open(crashed);
            String commit = new String(store.committedPayload(), UTF_8);
            assertThat(commit).isIn("c1", "c2");
            assertThat(store.get(KEY)).isEqualTo(commit.substring(1).getBytes(UTF_8));
            assertThat(store.verify().isClean()).isTrue();
        }
    }
}
