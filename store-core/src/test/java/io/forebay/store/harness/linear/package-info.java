/**
 * Linearizability: real threads write to and read from a store, every call is recorded with a stamp before and one after it
 * ({@link io.forebay.store.harness.linear.Recorder}), and {@link io.forebay.store.harness.linear.Checker} looks for one order of
 * all calls, each at one moment between its stamps, in which every answer is right. A batch and an ingest are one write; what an
 * iterator, a snapshot or a checkpoint ever shows is one answer, of a moment within the call that opened it.
 *
 * <p>The checker goes through the stamps once and keeps every state that the store may be in: a write that has been called and has
 * not returned may have happened or not, and writes of several threads may have happened in any order. With one writer there
 * are two such states at most, with several a handful, so millions of calls are checked in seconds. The keys are few and
 * fixed ({@link io.forebay.store.harness.linear.KeySpace}), so that an answer is a list of facts about them.
 *
 * <p>{@link io.forebay.store.harness.linear.ConcurrentWorkload} is what is done to the store; {@link
 * io.forebay.store.harness.linear.HistoryReducer} makes of a wrong history the few calls around the wrong answer.
 */
package io.forebay.store.harness.linear;
