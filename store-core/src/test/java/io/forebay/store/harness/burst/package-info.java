/**
 * Stores of one environment that are written in step, on threads and a clock that are simulated: how much of the background
 * work of all of them comes at the same time. A piece of work takes as long as the bytes that it reads and writes.
 */
package io.forebay.store.harness.burst;
