package io.forebay.store.harness.crash;

import java.util.List;

/**
 * What must be true after a crash at some moment: the store is at one of the commits from {@code acknowledged} on, and
 * the directories beside it are whole, or if not acknowledged not there.
 *
 * @param commits the states that the store went through, oldest first
 * @param acknowledged index of the newest one that was reported as durable
 */
record Expectation(List<Commit> commits, int acknowledged, List<Saved> saved) {
    /** Different for expectations that an image could tell apart. */
    long fingerprint() {
        long print = acknowledged;
        for (Commit commit : commits.subList(acknowledged, commits.size())) {
            print = print * 1_000_003 + commit.payload().hashCode();
        }
        for (Saved one : saved) {
            print = print * 31 + (one.acknowledged() ? 1 : 2);
        }
        return print;
    }
}
