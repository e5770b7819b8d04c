/**
 * Metamorphic tests: one random {@link io.forebay.store.harness.metamorphic.History} of operations, written in a small
 * language of one line each, runs against stores with many {@link io.forebay.store.harness.metamorphic.OptionSet}s and
 * against a sorted map; every operation must give the same answer everywhere. A history that fails is reduced to a few
 * lines by {@link io.forebay.store.harness.metamorphic.Reducer} and printed with the command that replays it.
 *
 * <p>Rules of the language: names (stores, snapshots, iterators, checkpoints) that stand for nothing make an operation
 * answer {@code none} and do nothing, so that any subset of the lines of a history is a history. Everything here is
 * deterministic but the option set {@code background=threads}.
 */
package io.forebay.store.harness.metamorphic;
