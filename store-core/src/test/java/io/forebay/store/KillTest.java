package io.forebay.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.ChildJvm;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that writes and commits is killed without warning; what it left must be exactly one of its commits. */
class KillTest {
    private static final int KEYS = 500;
    private static final int KILLS = 4;

    @Test
    void whatAKilledProcessLeavesIsACommit(@TempDir Path directory) throws Exception {
        Random random = new Random();
        int recovered = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            int acknowledged = recovered;
            try (ChildJvm child = ChildJvm.start(Writer.class, directory.toString())) {
                int lines = 3 + random.nextInt(40);
                for (int i = 0; i < lines; i++) {
                    String line = child.readLine();
                    assertThat(line).as("the child ended by itself").isNotNull();
                    acknowledged = Integer.parseInt(line);
                }
                child.kill();
            }
            recovered = check(directory.toFile());
            assertThat(recovered).as("commit found after kill %d", kill).isGreaterThanOrEqualTo(acknowledged);
        }
    }

    /** @return number of the commit that the store is at */
    private static int check(File directory) {
        try (Environment environment = Environment.builder().build();
                Store store = environment.open(FileStores.local(directory), options())) {
            String payload = new String(store.durablePayload(), UTF_8);
            int commit = payload.isEmpty() ? 0 : Integer.parseInt(payload);
            for (int i = 0; i < KEYS; i++) {
                assertThat(store.get(key(i)))
                        .as("key %d at commit %d", i, commit)
                        .isEqualTo(expected(i, commit));
            }
            return commit;
        }
    }

    private static StoreOptions options() {
        return StoreOptions.builder()
                .memtableBytes(16 << 10)
                .blockBytes(512)
                .targetFileBytes(16 << 10)
                .commitInterval(Duration.ofMillis(5))
                .build();
    }

    /** Commit {@code c} writes every key whose number is a multiple of {@code c mod 17 + 1}. */
    private static byte[] expected(int key, int commit) {
        for (int c = commit; c > 0; c--) {
            if (key % (c % 17 + 1) == 0) {
                return value(key, c);
            }
        }
        return null;
    }

    private static byte[] key(int i) {
        return ("key" + i).getBytes(UTF_8);
    }

    private static byte[] value(int key, int commit) {
        return ("value " + key + " of commit " + commit).getBytes(UTF_8);
    }

    /** Commits for ever; prints the number of each commit that it knows to be durable. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) {
            Environment environment = Environment.builder().memoryBytes(8 << 20).build();
            Store store = environment.open(FileStores.local(new File(args[0])), options());
            String payload = new String(store.durablePayload(), UTF_8);
            for (int commit = payload.isEmpty() ? 1 : Integer.parseInt(payload) + 1; ; commit++) {
                for (int i = 0; i < KEYS; i += commit % 17 + 1) {
                    store.put(key(i), value(i, commit));
                }
                byte[] mark = Integer.toString(commit).getBytes(UTF_8);
                if (commit % 3 == 0) {
                    store.commitDurably(mark);
                    System.out.println(commit);
                } else {
                    store.commit(mark);
                }
            }
        }
    }
}
