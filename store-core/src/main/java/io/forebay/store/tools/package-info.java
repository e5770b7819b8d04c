/**
 * Commands for operators of stores, run by {@code ./forebay}.
 *
 * <p>In: arguments. Out: text and an exit code. A command uses the public API only. It is one thread with an environment of its
 * own. Invariant: a command that reads a store changes nothing in it.
 */
package io.forebay.store.tools;
