/**
 * Errors of the JVM inside of the engine: an agent that makes the n-th entry into one of its methods throw what the JVM would
 * throw there for want of heap or of stack. Start reading at {@link io.forebay.store.testing.jvmerrors.JvmErrors}.
 */
package io.forebay.store.testing.jvmerrors;
