/**
 * Commands for people who look after stores, run by {@code ./forebay}.
 *
 * <p>In come arguments, out go text and an exit code. Nothing here does more than the public API can. Each command is one
 * thread and an environment of its own. Invariant: a command that looks at a store changes nothing in it.
 */
package io.forebay.store.tools;
