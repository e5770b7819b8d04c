package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.BackgroundExecutor;
import io.forebay.store.testing.ForwardingExecutor;
import io.forebay.store.testing.ManualClock;
import io.forebay.store.testing.SteppedExecutor;
import java.util.ArrayList;
import java.util.List;
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

    private final class Waiting implements CompactionOrder.Candidate {
        private final String name;
        private int runs;

        Waiting(String name, int runs) {
            this.name = name;
            this.runs = runs;
        }

        @Override
        public int sortedRuns() {
            return runs;
        }

        @Override
        public void run() {
            ran.add(name);
        }
    }

    private Waiting submit(String name, int runs) {
        Waiting waiting = new Waiting(name, runs);
        order.submit(waiting);
        return waiting;
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
        Waiting first = submit("a", 5);
        submit("b", 6);
        first.runs = 7;
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
        assertThat(order.waiting()).isEqualTo(1);
        refusing = false;
        submit("c", 4);
        executor.drain();
        assertThat(ran).containsExactly("a", "c");
        assertThat(order.waiting()).isZero();
    }
}
