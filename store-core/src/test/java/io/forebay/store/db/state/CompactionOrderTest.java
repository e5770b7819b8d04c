package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Which store's compaction gets the next thread. */
class CompactionOrderTest {
    private final SteppedExecutor executor = new SteppedExecutor(new ManualClock());
    private final List<String> ran = new ArrayList<>();
    private boolean refusing;

    /** Refuses work when it is told to. */
    private final BackgroundExecutor moody = new ForwardingExecutor(executor) {
        @Override
        public void execute(Kind kind, Runnable work) {
            if (refusing) {
                throw new OutOfMemoryError("injected");
            }
            super.execute(kind, work);
        }
    };

    private final CompactionOrder order = new CompactionOrder(moody);

    /** @return the number of sorted runs */
    private AtomicInteger submit(String name, int sortedRuns) {
        AtomicInteger runs = new AtomicInteger(sortedRuns);
        order.submit(runs::get, () -> ran.add(name));
        return runs;
    }

    @Test
    void theStoreWithTheMostSortedRunsComesFirst() {
        submit("a", 5);
        submit("b", 9);
        submit("c", 7);
        executor.drain();
        assertThat(ran).containsExactly("b", "c", "a");
    }

    @Test
    void ofStoresWithAsManyTheOneThatAskedFirst() {
        submit("a", 5);
        submit("b", 5);
        submit("c", 5);
        executor.drain();
        assertThat(ran).containsExactly("a", "b", "c");
    }

    /** Flushes go on while a compaction waits. */
    @Test
    void whatCountsIsTheNumberWhenAThreadIsFree() {
        AtomicInteger first = submit("a", 5);
        submit("b", 6);
        first.set(7);
        executor.drain();
        assertThat(ran).containsExactly("a", "b");
    }

    @Test
    void aStoreThatIsNotWrittenToHasItsTurnBesideBusyOnes() {
        submit("idle", 1);
        for (int i = 0; i < 20; i++) {
            submit("busy", 9);
            executor.step();
        }
        assertThat(ran).contains("idle");
        assertThat(ran.indexOf("idle")).isEqualTo(7);
    }

    @Test
    void whatTheExecutorRefusesDoesNotWait() {
        submit("a", 5);
        refusing = true;
        assertThatThrownBy(() -> submit("b", 9)).isInstanceOf(OutOfMemoryError.class);
        refusing = false;
        submit("c", 4);
        executor.drain();
        assertThat(ran).containsExactly("a", "c");
    }
}
