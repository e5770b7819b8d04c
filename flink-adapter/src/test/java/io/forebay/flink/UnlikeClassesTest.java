package io.forebay.flink;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Parts of a checkpoint whose subtasks have met other classes of a hierarchy come together in one subtask. */
class UnlikeClassesTest extends UnlikePartsFixture {
    @ParameterizedTest
    @MethodSource("all")
    void subtasksMayHaveMetOtherClasses(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        Job job = new Job(HIERARCHY, "Base", shape, timeToLive);
        KeyedStateHandle[] parts = subclassesByPart(job, kind);
        ForebayKeyedStateBackend<String> both = job.open(ALL, parts[1], parts[0]);
        long writes = both.store().statistics().writes();
        job.check(both);
        assertThat(both.store().statistics().writes())
                .as("nothing is rewritten")
                .isEqualTo(writes);
        job.put(both, 40, i -> job.pojo(i % 2 == 0 ? "SubA" : "Base", i));
        KeyedStateHandle next = kind.of(both);
        job.check(job.open(LOWER, next));
        job.check(job.open(UPPER, next));
    }

    @ParameterizedTest
    @MethodSource("all")
    void aFieldMayBeGoneInTheSameStep(Shape shape, Kind kind, boolean timeToLive) throws Exception {
        String before = HIERARCHY.replace("public int z;", "public int old; public int z;");
        KeyedStateHandle[] parts = subclassesByPart(new Job(before, "Base", shape, timeToLive), kind);
        Job after = new Job(HIERARCHY, "Base", shape, timeToLive);
        ForebayKeyedStateBackend<String> unused = after.open(ALL, parts);
        KeyedStateHandle again = kind.of(unused);
        after.check(unused);
        after.check(after.open(ALL, again));
        after.check(after.open(new KeyGroupRange(4, 11), again));
    }

    /** Only the subtask that has met a class can tell how it was written. */
    @ParameterizedTest
    @EnumSource(Shape.class)
    void aClassThatOneSubtaskHasMetMayHaveChanged(Shape shape) throws Exception {
        String before = HIERARCHY.replace("public int b;", "public int b; public int old;");
        Job job = new Job(before, "Base", shape, false);
        ForebayKeyedStateBackend<String> lower = job.open(LOWER);
        job.put(lower, 0, i -> job.pojo("Base", i));
        KeyedStateHandle plain = Kind.NATIVE.of(lower);
        ForebayKeyedStateBackend<String> upper = job.open(UPPER);
        job.put(upper, 0, i -> job.pojo("SubB", i));
        KeyedStateHandle derived = Kind.NATIVE.of(upper);
        Job after = new Job(HIERARCHY, "Base", shape, false);
        after.check(after.open(ALL, plain, derived));
        after.check(after.open(ALL, derived, plain));
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void theTimeToLiveMayHaveComeMeanwhile(Shape shape) throws Exception {
        Job before = new Job(HIERARCHY, "Base", shape, false);
        KeyedStateHandle[] parts = subclassesByPart(before, Kind.NATIVE);
        Job after = new Job(HIERARCHY, "Base", shape, true);
        ForebayKeyedStateBackend<String> lower = after.open(LOWER, parts);
        after.check(lower);
        KeyedStateHandle used = Kind.CANONICAL.of(lower);
        KeyedStateHandle unused = Kind.NATIVE.of(after.open(UPPER, parts));
        after.check(after.open(ALL, used, unused));
        KeyedStateHandle again = Kind.NATIVE.of(after.open(ALL, unused, used));
        after.check(after.open(ALL, again));
        // And gone again.
        before.check(before.open(ALL, again));
    }
}
