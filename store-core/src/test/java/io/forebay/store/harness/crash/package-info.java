/**
 * The explorer of crash states. In: short programs of {@link io.forebay.store.harness.crash.Op operations} on a store. Out:
 * nothing, or the first disk image after a crash that a store does not come back from as it should, with a line that makes
 * the same image again.
 *
 * <p>A {@link io.forebay.store.harness.crash.CrashWorkload} runs a program on a {@link io.forebay.store.testing.CrashDisk} and
 * knows after every change of it what must survive ({@link io.forebay.store.harness.crash.Expectation}). The {@link
 * io.forebay.store.harness.crash.CrashExplorer} makes the images that a crash there may leave and hands each one, unless it
 * was there before, to an {@link io.forebay.store.harness.crash.ImageCheck}. Everything runs on one thread.
 */
package io.forebay.store.harness.crash;
