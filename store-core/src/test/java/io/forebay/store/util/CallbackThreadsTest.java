package io.forebay.store.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callbacks for which there is no thread at first. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallbackThreadsTest {
    private final List<String> ran = Collections.synchronizedList(new ArrayList<>());
    private final Queue<Runnable> alarms = new ArrayDeque<>();
    private volatile boolean noThreads;
    private boolean noAlarms;

    private final CallbackThreads threads = new CallbackThreads(
            "test",
            work -> new Thread(work) {
                @Override
                public synchronized void start() {
                    if (noThreads) {
                        throw new OutOfMemoryError("unable to create native thread, for a test");
                    }
                    super.start();
                }
            },
            alarm -> {
                if (noAlarms) {
                    throw new OutOfMemoryError("no alarm, for a test");
                }
                alarms.add(alarm);
            });

    private CountDownLatch callback(String name) {
        CountDownLatch done = new CountDownLatch(1);
        threads.execute(() -> {
            ran.add(name);
            done.countDown();
        });
        return done;
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(120, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theAlarmStartsThem() throws InterruptedException {
        noThreads = true;
        CountDownLatch first = callback("first");
        CountDownLatch second = callback("second");
        assertThat(alarms).hasSize(1);
        alarms.remove().run();
        assertThat(alarms).as("still no thread").hasSize(1);
        noThreads = false;
        alarms.remove().run();
        await(first);
        await(second);
        assertThat(alarms).isEmpty();
    }

    /** One that could set no further alarm left them waiting for a close. */
    @Test
    void theNextCallbackStartsThemWhenAnAlarmWasRefused() throws InterruptedException {
        noThreads = true;
        CountDownLatch first = callback("first");
        noAlarms = true;
        Runnable alarm = alarms.remove();
        assertThatThrownBy(alarm::run).hasMessageContaining("no alarm");
        noThreads = false;
        CountDownLatch second = callback("second");
        await(first);
        await(second);
    }

    @Test
    void theEndOfACallbackStartsThem() throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        threads.execute(() -> {
            begun.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        await(begun);
        noThreads = true;
        CountDownLatch waiting = callback("waiting");
        noThreads = false;
        go.countDown();
        await(waiting);
    }

    @Test
    void aCloseRunsThem() {
        noThreads = true;
        callback("first");
        callback("second");
        threads.close();
        assertThat(ran).containsExactly("first", "second");
    }
}
