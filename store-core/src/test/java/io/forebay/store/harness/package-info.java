/**
 * The test harnesses, a package for each: what makes situations in large numbers, by seed or one by one, the oracle that knows the
 * right answers, and the tests that run it. {@code docs/testing.md} has a section for each. Tools that several of them use are in
 * {@code io.forebay.store.testing}.
 */
package io.forebay.store.harness;
