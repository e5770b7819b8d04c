package io.forebay.store.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.Durability;
import io.forebay.store.Environment;
import io.forebay.store.MergeFunction;
import io.forebay.store.SortedIngest;
import io.forebay.store.Store;
import io.forebay.store.StoreOptions;
import io.forebay.store.ValueBuffer;
import io.forebay.store.WriteBatch;
import io.forebay.store.testing.CrashFileStore;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A part that is not inside its array is refused, nothing of it is written, and everything else goes on. */
class PartsOfArraysTest {
    private static final byte[] ABC = bytes("abc");
    /** Offset and length of what is no part of three bytes. */
    private static final int[][] OUTSIDE = {
        {0, -1}, {1, -1}, {3, -3}, {-1, 2}, {0, 4}, {2, 2}, {4, 0}, {0, Integer.MIN_VALUE}, {Integer.MAX_VALUE, 2}
    };

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static StoreOptions options(Durability durability) {
        return StoreOptions.builder()
                .mergeFunction(MergeFunction.append((byte) ','))
                .durability(durability)
                .build();
    }

    private static byte[] content(WriteBatch batch) {
        byte[][] bytes = {{}};
        batch.forEach((kind, all, keyAt, keyLength, valueAt, valueLength) ->
                bytes[0] = Arrays.copyOf(all, batch.sizeInBytes()));
        return bytes[0];
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void batchesStayAsTheyWere(Durability durability) {
        CrashFileStore disk = new CrashFileStore();
        try (Environment environment =
                Environment.builder().memoryBytes(1 << 20).build()) {
            try (Store store = environment.open(disk, options(durability))) {
                WriteBatch batch = new WriteBatch().put(bytes("first"), bytes("1"));
                byte[] before = content(batch);
                for (int[] part : OUTSIDE) {
                    refused(() -> batch.put(ABC, part[0], part[1], ABC, 0, 3));
                    refused(() -> batch.put(ABC, 0, 3, ABC, part[0], part[1]));
                    refused(() -> batch.merge(ABC, part[0], part[1], ABC, 0, 3));
                    refused(() -> batch.merge(ABC, 0, 3, ABC, part[0], part[1]));
                    refused(() -> batch.delete(ABC, part[0], part[1]));
                }
                assertThat(batch.count()).isEqualTo(1);
                assertThat(content(batch)).isEqualTo(before);
                batch.put(ABC, 1, 2, ABC, 3, 0)
                        .merge(ABC, 3, 0, ABC, 0, 1)
                        .deleteRange(bytes("x"), null)
                        .put(bytes("last"), bytes("2"));
                store.write(batch);
                store.commitDurably(bytes("all"));
            }
            try (Store again = environment.open(disk, options(durability))) {
                assertThat(again.multiGet(List.of(bytes("first"), bytes("bc"), bytes(""), bytes("last"), ABC)))
                        .containsExactly(bytes("1"), bytes(""), bytes("a"), bytes("2"), null);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void writesAndReadsAndIngestsToo(Durability durability) {
        try (Environment environment =
                        Environment.builder().memoryBytes(1 << 20).build();
                Store store = environment.open(new CrashFileStore(), options(durability))) {
            ValueBuffer into = new ValueBuffer();
            for (int[] part : OUTSIDE) {
                refused(() -> store.put(ABC, part[0], part[1], ABC, 0, 3));
                refused(() -> store.put(ABC, 0, 3, ABC, part[0], part[1]));
                refused(() -> store.merge(ABC, part[0], part[1], ABC, 0, 3));
                refused(() -> store.merge(ABC, 0, 3, ABC, part[0], part[1]));
                refused(() -> store.delete(ABC, part[0], part[1]));
                refused(() -> store.get(ABC, part[0], part[1], into));
            }
            assertThat(store.statistics().writes()).isZero();
            try (SortedIngest ingest = store.ingest()) {
                for (int[] part : OUTSIDE) {
                    refused(() -> ingest.add(ABC, part[0], part[1], ABC, 0, 3));
                    refused(() -> ingest.add(ABC, 0, 3, ABC, part[0], part[1]));
                }
                ingest.add(ABC, 0, 1, ABC, 0, 2);
                ingest.finish();
            }
            assertThat(store.get(bytes("a"))).isEqualTo(bytes("ab"));
            assertThat(store.get(ABC)).isNull();
        }
    }

    /** Whoever walks over a batch gets its own array. */
    @ParameterizedTest
    @EnumSource(Durability.class)
    void aBatchWhoseBytesSomebodyChangedIsRefusedAsAWhole(Durability durability) {
        try (Environment environment =
                        Environment.builder().memoryBytes(1 << 20).build();
                Store store = environment.open(new CrashFileStore(), options(durability))) {
            store.put(bytes("x"), bytes("1"));
            WriteBatch batch = new WriteBatch()
                    .put(bytes("y"), bytes("2"))
                    .put(ABC, new byte[0])
                    .put(bytes("z"), bytes("3"));
            batch.forEach((kind, all, keyAt, keyLength, valueAt, valueLength) -> {
                if (valueLength == 0) {
                    Arrays.fill(all, valueAt - 4, valueAt, (byte) -1);
                }
            });
            assertThatThrownBy(() -> store.write(batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1");
            store.put(bytes("w"), bytes("4"));
            store.flush();
            assertThat(store.multiGet(List.of(bytes("x"), bytes("y"), bytes("z"), bytes("w"))))
                    .containsExactly(bytes("1"), null, null, bytes("4"));
        }
    }

    private static void refused(Runnable call) {
        assertThatThrownBy(call::run).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
