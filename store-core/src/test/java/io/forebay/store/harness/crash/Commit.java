package io.forebay.store.harness.crash;

import io.forebay.store.testing.Model;

/** A state of a store that a crash may return to, told by its payload. The model is not changed any more. */
record Commit(String payload, Model state) {}
