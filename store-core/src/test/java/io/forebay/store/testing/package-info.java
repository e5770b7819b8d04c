/**
 * The test kit: what tests of several packages and modules build on, no test of a store. It is published for the adapters, and
 * knows no test. {@code docs/testing.md} lists its classes.
 */
package io.forebay.store.testing;
