package io.forebay.store.key;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.ValueBuffer;
import io.forebay.store.util.Slab;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PointLookupTest {
    private final ValueBuffer value = new ValueBuffer(1);
    private final PointLookup lookup = new PointLookup();
    private final Slab slab = new Slab(ByteBuffer.wrap("..one..two".getBytes(UTF_8)));

    @BeforeEach
    void start() {
        byte[] key = "xkey".getBytes(UTF_8);
        lookup.start(key, 1, 3, 77, 100, value);
    }

    @Test
    void carriesTheQuestion() {
        assertThat(lookup.key()).isEqualTo("xkey".getBytes(UTF_8));
        assertThat(lookup.offset()).isEqualTo(1);
        assertThat(lookup.length()).isEqualTo(3);
        assertThat(lookup.hash()).isEqualTo(77);
        assertThat(lookup.limit()).isEqualTo(100);
        assertThat(lookup.head()).isEqualTo(0x6B65790000000000L);
        assertThat(lookup.isFound()).isFalse();
        assertThat(lookup.isCovered()).isFalse();
    }

    @Test
    void aValueSettlesAndIsCopied() {
        assertThat(lookup.offer(ValueKind.PUT, 5, slab, 2, 3)).isTrue();

        assertThat(lookup.isFound()).isTrue();
        assertThat(value.toByteArray()).isEqualTo("one".getBytes(UTF_8));
        assertThat(lookup.operandsNewestFirst()).isEmpty();
    }

    @Test
    void aDeleteSettlesWithNothingFound() {
        value.reset(1);

        assertThat(lookup.offer(ValueKind.DELETE, 5, null, 0, 0)).isTrue();
        assertThat(lookup.isFound()).isFalse();
        assertThat(value.length()).isEqualTo(1);
    }

    @Test
    void operandsCollectUntilTheBase() {
        assertThat(lookup.offer(ValueKind.MERGE, 9, slab, 7, 3)).isFalse();
        assertThat(lookup.isFound()).isTrue();
        assertThat(lookup.offerCopy(ValueKind.MERGE, 8, new byte[] {8})).isFalse();
        assertThat(lookup.offer(ValueKind.PUT, 5, slab, 2, 3)).isTrue();

        assertThat(lookup.operandsNewestFirst())
                .containsExactly("two".getBytes(UTF_8), new byte[] {8}, "one".getBytes(UTF_8));
    }

    @Test
    void operandsEndAtADelete() {
        assertThat(lookup.offer(ValueKind.MERGE, 9, slab, 7, 3)).isFalse();
        assertThat(lookup.offer(ValueKind.DELETE, 8, null, 0, 0)).isTrue();

        assertThat(lookup.operandsNewestFirst()).containsExactly("two".getBytes(UTF_8));
        assertThat(lookup.isFound()).isTrue();
    }

    @Test
    void anEmptyValueIsFound() {
        assertThat(lookup.offer(ValueKind.PUT, 5, null, 0, 0)).isTrue();
        assertThat(lookup.isFound()).isTrue();
        assertThat(value.length()).isZero();

        start();
        assertThat(lookup.offerCopy(ValueKind.MERGE, 9, new byte[0])).isFalse();
        assertThat(lookup.offer(ValueKind.PUT, 5, null, 0, 0)).isTrue();
        assertThat(lookup.operandsNewestFirst()).containsExactly(new byte[0], new byte[0]);
    }

    @Test
    void aRangeDeleteHidesWhatIsOlderOnly() {
        lookup.coveredBy(-1);
        assertThat(lookup.isCovered()).isFalse();
        lookup.coveredBy(6);
        lookup.coveredBy(4);
        assertThat(lookup.isCovered()).isTrue();

        assertThat(lookup.offer(ValueKind.MERGE, 7, slab, 7, 3)).isFalse();
        assertThat(lookup.offer(ValueKind.PUT, 5, slab, 2, 3)).isTrue();
        assertThat(lookup.operandsNewestFirst()).containsExactly("two".getBytes(UTF_8));
    }

    @Test
    void aCoveredVersionOfAnyKindSettlesWithNothing() {
        for (byte kind : new byte[] {ValueKind.PUT, ValueKind.MERGE, ValueKind.DELETE}) {
            start();
            lookup.coveredBy(6);
            assertThat(lookup.offer(kind, 5, slab, 2, 3)).isTrue();
            assertThat(lookup.isFound()).isFalse();
            start();
            lookup.coveredBy(6);
            assertThat(lookup.offerCopy(kind, 5, new byte[1])).isTrue();
            assertThat(lookup.isFound()).isFalse();
            start();
            lookup.coveredBy(6);
            assertThat(lookup.offerTarget(kind, 5)).isTrue();
            assertThat(lookup.isFound()).isFalse();
        }
    }

    @Test
    void aValueCopiedToTheTargetByTheSource() {
        lookup.target().reset(2)[0] = 1;
        assertThat(lookup.offerTarget(ValueKind.PUT, 5)).isTrue();
        assertThat(lookup.isFound()).isTrue();
        assertThat(lookup.operandsNewestFirst()).isEmpty();

        start();
        lookup.offerCopy(ValueKind.MERGE, 9, new byte[] {9});
        lookup.target().reset(1)[0] = 7;
        assertThat(lookup.offerTarget(ValueKind.MERGE, 8)).isFalse();
        lookup.target().reset(1)[0] = 5;
        assertThat(lookup.offerTarget(ValueKind.PUT, 5)).isTrue();
        assertThat(lookup.operandsNewestFirst()).containsExactly(new byte[] {9}, new byte[] {7}, new byte[] {5});
    }

    @Test
    void startForgetsEverything() {
        lookup.coveredBy(6);
        lookup.offer(ValueKind.MERGE, 9, slab, 7, 3);
        ValueBuffer other = new ValueBuffer();
        lookup.start(new byte[] {1}, 0, 1, 1, 2, other);

        assertThat(lookup.isCovered()).isFalse();
        assertThat(lookup.isFound()).isFalse();
        assertThat(lookup.operandsNewestFirst()).isEqualTo(List.of());
        assertThat(lookup.target()).isSameAs(other);
    }
}
