package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.Durability;
import io.forebay.store.FileStore;
import io.forebay.store.MergeFunction;
import io.forebay.store.Store;
import io.forebay.store.StoreException;
import io.forebay.store.StoreOptions;
import io.forebay.store.WritableFile;
import io.forebay.store.testing.CrashFileStore;
import io.forebay.store.testing.ForwardingFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import io.forebay.store.testing.jvmerrors.JvmErrors.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A record of the manifest failed, and the heap ended before the store had noted that. The next record went behind it: the edit
 * counted twice, so that operands were merged twice, or the manifest was damaged by the half of a record in its middle.
 */
@Timeout(600)
class RecordBehindTornOneTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);

    /** What gives references back allocates only to report a fault of ours. */
    private static final Set<String> GIVING_BACK = Set.of(
            "", "io.forebay.store.version.Version.release", "io.forebay.store.version.PhysicalFile.addReferences");

    private static ErrorAgent agent;

    /** How a record fails. */
    private enum Failure {
        NOT_SYNCED,
        TORN
    }

    private static final MergeFunction CONCATENATION = new MergeFunction() {
        @Override
        public String name() {
            return "concatenation";
        }

        @Override
        public byte[] merge(byte[] key, List<byte[]> values) {
            StringBuilder all = new StringBuilder();
            values.forEach(value -> all.append(new String(value, UTF_8)));
            return all.toString().getBytes(UTF_8);
        }
    };

    /** First all classes: an error in the initializer of one would make it unusable for other tests. */
    @BeforeAll
    static void instrument() {
        RecordBehindTornOneTest once = new RecordBehindTornOneTest();
        once.run(Failure.TORN, Durability.NONE, 0);
        once.run(Failure.NOT_SYNCED, Durability.BUFFERED, 0);
        Configurator.setLevel("io.forebay.store", Level.OFF);
        agent = new ErrorAgent(List.of("io.forebay.store.db", "io.forebay.store.version"));
    }

    @AfterAll
    static void restore() {
        JvmErrors.disarm();
        agent.close();
        Configurator.setLevel("io.forebay.store", Level.WARN);
    }

    /** Manifests, one record of which fails; from there on the heap ends at one place. */
    private static final class Manifests extends ForwardingFileStore {
        private final long point;
        private Failure next;

        Manifests(FileStore files, long point) {
            super(files);
            this.point = point;
        }

        private IOException failed() {
            next = null;
            JvmErrors.arm(Kind.OUT_OF_MEMORY, point, false);
            return new IOException("no space");
        }

        @Override
        public WritableFile create(String name) throws IOException {
            WritableFile file = super.create(name);
            if (!name.startsWith("MANIFEST")) {
                return file;
            }
            return new Writer(file) {
                @Override
                public void append(ByteBuffer bytes) throws IOException {
                    if (next == Failure.TORN) {
                        ByteBuffer half = bytes.duplicate();
                        super.append(half.limit(half.position() + half.remaining() / 2));
                        throw failed();
                    }
                    super.append(bytes);
                }

                @Override
                public void sync() throws IOException {
                    if (next == Failure.NOT_SYNCED) {
                        throw failed();
                    }
                    super.sync();
                }
            };
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void theEditCountsOnce(Failure failure) {
        for (Durability durability : Durability.values()) {
            long point = 0;
            do {
                run(failure, durability, ++point);
            } while (JvmErrors.struck() != null);
            assertThat(point).as("points with %s", durability).isGreaterThan(10);
        }
    }

    private void run(Failure failure, Durability durability, long point) {
        CrashFileStore disk = new CrashFileStore();
        String where;
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Manifests files = new Manifests(disk, point);
            Store store = open(environment, files, durability);
            store.put(KEY, "1".getBytes(UTF_8));
            store.commitDurably(new byte[] {1});
            store.flush();
            store.merge(KEY, "2".getBytes(UTF_8));
            store.commit(new byte[] {2});
            files.next = failure;
            attempt(store::flush);
            JvmErrors.disarm();
            where = "after an error at point " + point + ", " + JvmErrors.struck();
            assertThat(files.next).isNull();
            assertThat(store.get(KEY)).as(where).asString().isEqualTo("12");
            attempt(store::resume);
            if (store.statistics().readOnlyCause() == null
                    && !GIVING_BACK.contains(Objects.requireNonNullElse(JvmErrors.struck(), "none"))) {
                assertDeletes(environment, store, disk, where);
            }
            attempt(store::close);
        }
        try (SteppedEnvironment environment = new SteppedEnvironment()) {
            Store store = open(environment, disk, durability);
            byte[] payload = store.durablePayload();
            assertThat(payload).as(where).hasSize(1);
            if (payload[0] == 2 || durability != Durability.NONE) {
                assertThat(store.get(KEY)).as(where).asString().isEqualTo("12");
            }
            assertThat(store.verify().findings()).as(where).isEmpty();
        }
    }

    /** For want of memory to note a file, none was deleted any more. */
    private static void assertDeletes(SteppedEnvironment environment, Store store, CrashFileStore disk, String where) {
        for (int i = 0; i < 3; i++) {
            store.put("other".getBytes(UTF_8), new byte[1]);
            store.commitDurably(new byte[] {2});
        }
        store.compact();
        environment.executor.drain();
        // The deletion of one file may have been cut off itself: the next open deletes that.
        assertThat(disk.list().stream().filter(name -> name.endsWith(".sst")).count())
                .as(where)
                .isLessThanOrEqualTo(store.statistics().liveFiles() + 1);
    }

    private static Store open(SteppedEnvironment environment, FileStore files, Durability durability) {
        return environment.open(
                files, StoreOptions.builder().durability(durability).mergeFunction(CONCATENATION));
    }

    private static void attempt(Runnable call) {
        try {
            call.run();
        } catch (StoreException | OutOfMemoryError e) {
            assertThat(e).isNotNull(); // what the store says of itself is the business of other tests
        }
    }
}
