package io.forebay.store.db.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.forebay.store.ReadOnlyStoreException;
import io.forebay.store.StoreClosedException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What a store may do, after which events. */
class LifecycleTest {
    private final Lifecycle lifecycle = new Lifecycle("s");

    private void assertWritable() {
        assertThatCode(lifecycle::checkWritable).doesNotThrowAnyException();
        assertReadable();
    }

    private void assertReadable() {
        assertThatCode(lifecycle::checkReadable).doesNotThrowAnyException();
        assertThat(lifecycle.isReadable()).isTrue();
    }

    private void assertReadOnly(String cause, String remedy) {
        assertThatThrownBy(lifecycle::checkWritable)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContainingAll("Store s is read-only", cause, remedy);
        assertThat(lifecycle.mayRunJobs()).isFalse();
        assertThat(lifecycle.beginJob()).isFalse();
    }

    @Test
    void theFirstCauseCountsUntilItIsRepaired() {
        assertThat(lifecycle.fail(new IOException("first"), Severity.TRANSIENT)).isTrue();
        assertThat(lifecycle.fail(new IOException("second"), Severity.TRANSIENT))
                .isFalse();
        assertReadOnly("first", "It tries again by itself");
        assertReadable();
        assertThat(lifecycle.beginRepair()).isTrue();
        assertThat(lifecycle.endRepair(lifecycle.failure())).isTrue();
        assertWritable();
        assertThat(lifecycle.mayRunJobs()).isTrue();
    }

    @Test
    void aGraverFailureTakesOverWithTheFirstCause() {
        lifecycle.fail(new IOException("first"), Severity.TRANSIENT);
        lifecycle.fail(new IOException("second"), Severity.STOPPED);
        assertReadOnly("first", "call Store.resume()");
        assertThat(lifecycle.failure().cause().getSuppressed())
                .singleElement()
                .satisfies(suppressed -> assertThat(suppressed).hasMessage("second"));
    }

    @Test
    void aFatalFailureIsNotRepaired() {
        lifecycle.breakDown(new IOException("half"));
        assertReadOnly("half", "Close it, remove the cause and open it again");
        assertReadable();
        assertThat(lifecycle.beginRepair()).isFalse();
    }

    /** What failed while the repair was under way is not covered by it. */
    @Test
    void aFailureDuringTheRepairKeepsTheStoreReadOnly() {
        lifecycle.fail(new IOException("first"), Severity.TRANSIENT);
        assertThat(lifecycle.beginRepair()).isTrue();
        assertThat(lifecycle.beginRepair()).isFalse();
        Lifecycle.Failure seen = lifecycle.failure();
        lifecycle.fail(new IOException("second"), Severity.TRANSIENT);
        assertThat(lifecycle.endRepair(seen)).isFalse();
        assertReadOnly("first", "It tries again by itself");
    }

    @Test
    void aRepairThatFailedLeavesTheFailure() {
        lifecycle.fail(new IOException("first"), Severity.STOPPED);
        assertThat(lifecycle.beginRepair()).isTrue();
        assertThat(lifecycle.endRepair(null)).isFalse();
        assertReadOnly("first", "call Store.resume()");
        assertThat(lifecycle.beginRepair()).isTrue();
        lifecycle.endRepair(null);
    }

    @Test
    void aPoisonedStoreIsNotEvenRead() {
        lifecycle.poison(new IllegalStateException("half of a batch"));
        assertThat(lifecycle.isPoisoned()).isTrue();
        assertThat(lifecycle.isReadable()).isFalse();
        assertThatThrownBy(lifecycle::checkReadable)
                .isInstanceOf(ReadOnlyStoreException.class)
                .hasMessageContaining("half of a batch");
        assertReadOnly("half of a batch", "open it again");
    }

    /** The two flags are all that can be set when there is neither stack nor memory left. */
    @Test
    void theFlagsAloneEndWritingAndReading() {
        lifecycle.unwritable = true;
        assertReadOnly("the JVM had neither memory nor stack left", "open it again");
        assertReadable();
        lifecycle.unreadable = true;
        assertThat(lifecycle.isPoisoned()).isTrue();
        assertThatThrownBy(lifecycle::checkReadable).isInstanceOf(ReadOnlyStoreException.class);
    }

    @Test
    void aFailureThatCannotBeNotedStopsTheStoreUntilItIsResumed() {
        lifecycle.failUnnamed();
        assertReadOnly("the JVM had neither memory nor stack left", "call Store.resume()");
        assertThat(lifecycle.beginRepair()).isTrue();
        assertThat(lifecycle.endRepair(lifecycle.failure())).isTrue();
        assertWritable();
    }

    @Test
    void anIngestKeepsOtherWritesOutAlsoOverARepair() {
        lifecycle.startIngest(new Opened("an ingest", "t", 0, null));
        assertThatThrownBy(lifecycle::checkWritable)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Store s has an open ingest");
        assertReadable();
        lifecycle.fail(new IOException("disk"), Severity.TRANSIENT);
        assertReadOnly("disk", "");
        lifecycle.beginRepair();
        lifecycle.endRepair(lifecycle.failure());
        assertThatThrownBy(lifecycle::checkWritable).isInstanceOf(IllegalStateException.class);
        assertThat(lifecycle.openIngest()).hasSize(1);
        lifecycle.endIngest();
        assertThat(lifecycle.openIngest()).isEmpty();
        assertWritable();
    }

    @Test
    void closedIsTheEnd() {
        assertThat(lifecycle.close()).isTrue();
        assertThat(lifecycle.close()).isFalse();
        assertThat(lifecycle.isClosed()).isTrue();
        assertThatThrownBy(lifecycle::checkWritable).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(lifecycle::checkReadable).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(lifecycle::checkOpen).isInstanceOf(StoreClosedException.class);
        assertThat(lifecycle.beginJob()).isFalse();
        lifecycle.fail(new IOException("late"), Severity.TRANSIENT);
        assertThat(lifecycle.beginRepair()).isFalse();
        assertThat(lifecycle.isClosed()).isTrue();
    }

    /** Of a write-ahead log a failure is told first: a close does not hide that something may be lost. */
    @Test
    void whatMayBeLostIsToldAlsoAfterTheClose() {
        lifecycle.fail(new IOException("sync"), Severity.STOPPED);
        lifecycle.close();
        assertThatThrownBy(lifecycle::checkKept).isInstanceOf(ReadOnlyStoreException.class);
        assertThatThrownBy(lifecycle::checkRunning).isInstanceOf(StoreClosedException.class);
    }

    @Test
    void theThreadThatClosesDoesNotWaitForItself() {
        lifecycle.close();
        lifecycle.awaitEnd();
        assertThat(lifecycle.hasEnded()).isFalse();
        lifecycle.ended();
        assertThat(lifecycle.hasEnded()).isTrue();
    }
}
