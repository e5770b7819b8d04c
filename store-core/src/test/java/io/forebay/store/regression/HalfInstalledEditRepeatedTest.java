package io.forebay.store.regression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.forebay.store.FileStore;
import io.forebay.store.MergeFunction;
import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.io.MemoryFileStore;
import io.forebay.store.testing.SteppedEnvironment;
import io.forebay.store.testing.jvmerrors.ErrorAgent;
import io.forebay.store.testing.jvmerrors.JvmErrors;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What failed between the durable edit and the swap of the read state was tried again, so that operands counted twice,
 * or a put took the sequence number of an ingest.
 */
final class HalfInstalledEditRepeatedTest {
    private static ErrorAgent agent;

    private final FileStore files = new MemoryFileStore();
    private final SteppedEnvironment environment = new SteppedEnvironment(8 << 20, new Random(1));
    private Store store = open(environment);

    @BeforeAll
    static void instrument() {
        agent = new ErrorAgent(List.of("io.forebay.store.db"));
    }

    @AfterAll
    static void restore() {
        agent.close();
    }

    @AfterEach
    void close() {
        JvmErrors.disarm();
        environment.close();
    }

    private Store open(SteppedEnvironment in) {
        return in.open(files, StoreOptions.builder().mergeFunction(MergeFunction.append((byte) ',')));
    }

    private void fails(String method, Runnable work) {
        JvmErrors.armAt(method, 1);
        Throwable failure = catchThrowable(work::run);
        JvmErrors.disarm();
        assertThat(JvmErrors.struck()).as("what failed").endsWith(method);
        assertThat(failure).isNotNull();
    }

    /** It says why, by resume() as well, and answers what it did before. */
    private void isUnusable(String key, String value) {
        assertThatThrownBy(() -> store.put(bytes("p"), bytes("q")))
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("a change of the manifest is durable")
                .hasMessageContaining("open it again");
        assertThatThrownBy(() -> store.resume())
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("open it again");
        assertThat(store.statistics().readOnlyCause()).contains("injected");
        assertThat(value(store, key)).isEqualTo(value);
        assertThat(store.get(bytes("p"))).isNull();
    }

    private void reopensWith(String payload, String key, String value) {
        Throwable end = catchThrowable(store::close);
        assertThat(end == null || end instanceof ReadOnlyStoreException)
                .as("%s", end)
                .isTrue();
        try (SteppedEnvironment next = new SteppedEnvironment(8 << 20, new Random(2))) {
            store = open(next);
            assertThat(new String(store.durablePayload(), UTF_8)).isEqualTo(payload);
            assertThat(value(store, key)).isEqualTo(value);
            store.merge(bytes(key), bytes("z"));
            store.commitDurably(bytes("next"));
            store.compact();
            assertThat(value(store, key)).isEqualTo(value + ",z");
            assertThat(store.verify().isClean()).isTrue();
        }
    }

    @Test
    void aFlushWhoseStateIsNotShownIsNotRepeated() {
        store.merge(bytes("k"), bytes("a"));
        store.commitDurably(bytes("first"));
        store.merge(bytes("k"), bytes("b"));
        store.commit(bytes("second"));
        fails("ReadStates.install", store::flush);
        isUnusable("k", "a,b");
        reopensWith("second", "k", "a,b");
    }

    @Test
    void aCompactionWhoseStateIsNotShown() {
        for (String operand : List.of("a", "b")) {
            store.merge(bytes("k"), bytes(operand));
            store.commitDurably(bytes(operand));
        }
        fails("ReadStates.install", store::compact);
        isUnusable("k", "a,b");
        reopensWith("b", "k", "a,b");
    }

    @Test
    void anIngestThatIsNotPublishedLeavesItsSequenceNumberToNobody() {
        store.merge(bytes("k"), bytes("a"));
        store.commitDurably(bytes("first"));
        SortedIngest ingest = store.ingest();
        ingest.add(bytes("k"), bytes("ingested"));
        fails("ActiveMemtable.publishOutside", ingest::finish);
        isUnusable("k", "a");
        reopensWith("first", "k", "a");
    }

    @Test
    void anIngestWhoseStateIsNotShown() {
        store.merge(bytes("k"), bytes("a"));
        store.commitDurably(bytes("first"));
        SortedIngest ingest = store.ingest();
        ingest.add(bytes("k"), bytes("ingested"));
        fails("ReadStates.install", ingest::finish);
        isUnusable("k", "a");
        reopensWith("first", "k", "a");
    }

    private static String value(Store from, String key) {
        return new String(from.get(bytes(key)), UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
