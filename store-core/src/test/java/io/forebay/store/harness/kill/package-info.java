/**
 * Real kills. {@link io.forebay.store.harness.kill.KillChild} lives a {@link io.forebay.store.harness.kill.KillLife} in a process of its
 * own until it is killed; {@code KillTest} opens what it left and compares it with a model that lived the same life.
 */
package io.forebay.store.harness.kill;
