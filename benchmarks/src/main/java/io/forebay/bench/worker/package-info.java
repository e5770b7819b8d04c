/** The JVM of one engine, and the talk with it. */
package io.forebay.bench.worker;
