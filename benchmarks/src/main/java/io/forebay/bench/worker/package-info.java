/** The JVM of one contender, and the messages between it and the command. */
package io.forebay.bench.worker;
