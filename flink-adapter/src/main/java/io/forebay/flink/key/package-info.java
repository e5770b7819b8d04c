/**
 * The bytes of row keys, on which every other package of the adapter relies. Static functions, and one buffer for each
 * backend, which the task thread uses.
 */
package io.forebay.flink.key;
