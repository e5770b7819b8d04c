package io.forebay.store.db.background;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two threads that ask for a job, and the runs of it, in thousands of orders of their steps. */
class JobStateTest {
    private static final int ORDERS = 5_000;
    private static final int REQUESTS = 3;

    private final JobState job = new JobState();
    /** The steps that each of them still has to take, the present one first. */
    private final List<ArrayDeque<Runnable>> actors = new ArrayList<>();

    private int written;
    private int done;
    private int jobs;

    @Test
    void noRequestIsForgottenAndThereIsOneRunAtMost() {
        for (int seed = 0; seed < ORDERS; seed++) {
            new JobStateTest().run(seed);
        }
    }

    private void run(int seed) {
        Random random = new Random(seed);
        for (int thread = 0; thread < 2; thread++) {
            ArrayDeque<Runnable> steps = new ArrayDeque<>();
            for (int i = 0; i < REQUESTS; i++) {
                steps.add(() -> written++);
                steps.add(() -> handOver(job.request()));
            }
            actors.add(steps);
        }
        while (!actors.isEmpty()) {
            ArrayDeque<Runnable> actor = actors.get(random.nextInt(actors.size()));
            actor.poll().run();
            if (actor.isEmpty()) {
                actors.remove(actor);
            }
            assertThat(jobs).as("seed %d", seed).isBetween(0, 1);
        }
        assertThat(done).as("seed %d", seed).isEqualTo(written);
    }

    private void handOver(boolean due) {
        if (!due) {
            return;
        }
        jobs++;
        ArrayDeque<Runnable> steps = new ArrayDeque<>();
        steps.add(job::begin);
        steps.add(() -> done = written);
        steps.add(() -> {
            jobs--;
            handOver(job.end());
        });
        actors.add(steps);
    }

    @Test
    void whatWasRefusedMayBeAskedForAgain() {
        assertThat(job.request()).isTrue();
        assertThat(job.request()).isFalse();
        job.refused();
        assertThat(job.request()).isTrue();
    }
}
