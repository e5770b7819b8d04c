/**
 * The bytes of row keys: what every other package of the adapter agrees on. Stateless helpers, and one reusable buffer
 * per backend that belongs to the task thread.
 */
package io.forebay.flink.key;
