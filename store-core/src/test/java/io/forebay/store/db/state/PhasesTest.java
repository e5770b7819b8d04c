package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.forebay.store.testing.Seeds;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Places of stores. */
class PhasesTest {
    @Test
    void anyNumberOfStoresIsSpreadEvenly() {
        Seeds.run(getClass(), 100, seed -> {
            Random random = new Random(seed);
            Phases phases = new Phases();
            int count = random.nextInt(2, 300);
            double[] places = new double[count];
            Arrays.setAll(places, i -> phases.next());
            Arrays.sort(places);
            assertThat(places[0]).isNotNegative();
            assertThat(places[count - 1]).isLessThan(1);
            double widest = places[0] + 1 - places[count - 1];
            for (int i = 1; i < count; i++) {
                widest = Math.max(widest, places[i] - places[i - 1]);
            }
            // the bound of the golden ratio's multiples
            assertThat(widest).isLessThan(1.9 / count);
        });
    }

    /** What its options say is so to the byte, and to the millisecond. */
    @Test
    void aStoreThatIsAloneHasNone() {
        assertThat(new Phases().next()).isZero();
    }
}
